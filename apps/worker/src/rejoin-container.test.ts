import type { OutputChunk } from '@conjob/shared';
import { startTestEngine, TEST_IMAGES, type TestEngine, until } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDocker } from './engine/docker/connect-docker.ts';
import { DockerEngine } from './engine/docker/docker-engine.ts';
import { OutputRecorder } from './output/output-recorder.ts';
import { runContainer } from './run-container.ts';
import { StopSignal } from './stop-reason.ts';
import { closeIdleConnections } from './testing/services.ts';
import { testContainer } from './testing/specs.ts';

closeIdleConnections();

async function begin(server: TestEngine, script: string) {
  const stored: OutputChunk[] = [];
  const recorder = new OutputRecorder(async (chunks) => {
    stored.push(...chunks);
  }, 16_000_000);
  const engine = new DockerEngine(connectDocker(server));
  const stop = new StopSignal();
  const started = Promise.withResolvers<void>();
  const args = ['sh', '-c', script];
  const id = await engine.create(testContainer(TEST_IMAGES.busybox.tag, args));
  const exit = runContainer(engine, id, {
    input: undefined,
    recorder,
    stop,
    killTimeoutSeconds: 30,
    beforeStart: async () => {},
    onStarted: started.resolve,
    onExited: () => {},
  }).finally(() => engine.remove(id));
  exit.catch(() => {});
  await started.promise;
  await until(() => recorder.totalBytes > 0);
  return { exit, stop, text: () => Buffer.concat(stored.map(({ data }) => data)).toString() };
}

describe('an engine that keeps its containers when it crashes', () => {
  let server: TestEngine;
  beforeAll(async () => {
    server = await startTestEngine({ liveRestore: true });
  });
  afterAll(() => server.stop());

  test('costs a job neither its output nor its exit code', async () => {
    const script = "trap 'echo last; exit 5' TERM; echo first; while :; do sleep 0.1; done";
    const { exit, stop, text } = await begin(server, script);
    await server.crash();
    await server.restart();
    stop.stop('timed-out');
    expect(await exit).toEqual({ exitCode: 5, outOfMemory: false, outputComplete: true });
    expect(text()).toBe('first\nlast\n');
  });
});

describe('an engine that ends its containers', () => {
  let server: TestEngine;
  beforeAll(async () => {
    server = await startTestEngine();
  });
  afterAll(() => server.stop());

  test('by a crash is not taken for the job’s own doing', async () => {
    const { exit } = await begin(server, 'echo first; sleep 600');
    await server.crash();
    await server.restart();
    await expect(exit).rejects.toMatchObject({ code: 'worker.lost' });
  });

  test('when it is shut down is not taken for the job’s own doing', async () => {
    const { exit } = await begin(server, 'echo first; sleep 600');
    await server.restart();
    await expect(exit).rejects.toMatchObject({ code: 'worker.lost' });
  });
});
