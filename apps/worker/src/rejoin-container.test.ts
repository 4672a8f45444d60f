import type { OutputChunk } from '@conjob/shared';
import {
  childProcesses,
  startTestEngine,
  TEST_IMAGES,
  type TestEngine,
  until,
} from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDocker } from './engine/docker/connect-docker.ts';
import { DockerEngine } from './engine/docker/docker-engine.ts';
import type { Engine } from './engine/engine.ts';
import { OutputRecorder } from './output/output-recorder.ts';
import { rejoinContainer } from './rejoin-container.ts';
import { runContainer } from './run-container.ts';
import { StopSignal } from './stop-reason.ts';
import { copiesOf } from './testing/copies-of.ts';
import { closeIdleConnections, sharedEngine } from './testing/services.ts';
import { testContainer } from './testing/specs.ts';

closeIdleConnections();

/** A run that ends with a code that an engine also reports of what it has ended itself. */
const ENDS_AS_IF_KILLED = 'echo first; exit 137';

/** As a process goes on that finds the container of an earlier one. */
async function rejoin(engine: Engine, id: string) {
  const recorder = new OutputRecorder(async () => {}, 16_000_000);
  return rejoinContainer(engine, id, {
    input: undefined,
    recorder,
    stop: new StopSignal(),
    killTimeoutSeconds: 30,
    beforeStart: async () => {},
    afterStart: async () => {},
    onStarted: () => {},
    onExited: () => {},
  });
}

async function endedAlone(engine: Engine, script: string): Promise<string> {
  const id = await engine.create(testContainer(TEST_IMAGES.busybox.tag, ['sh', '-c', script]));
  await engine.start(id);
  await until(async () => (await engine.inspect(id))?.status === 'exited');
  return id;
}

async function begin(server: TestEngine, script: string) {
  const stored: OutputChunk[] = [];
  const recorder = new OutputRecorder(async (chunks) => {
    stored.push(...copiesOf(chunks));
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
    afterStart: async () => {},
    onStarted: started.resolve,
    onExited: () => {},
  }).finally(() => engine.remove(id));
  exit.catch(() => {});
  await started.promise;
  await until(() => recorder.totalBytes > 0);
  return { id, exit, stop, text: () => Buffer.concat(stored.map(({ data }) => data)).toString() };
}

describe('an engine that keeps its containers when it crashes', () => {
  let server: TestEngine;
  beforeAll(async () => {
    server = await startTestEngine({ liveRestore: true });
  });
  afterAll(() => server.stop());

  test('does not cost a job its exit code, nor what was written down of its output', async () => {
    const script = "trap 'echo last; exit 5' TERM; echo first; while :; do sleep 0.1; done";
    const { exit, stop, text } = await begin(server, script);
    await server.crash();
    await server.restart();
    stop.stop('timed-out');
    expect(await exit).toEqual({ exitCode: 5, outOfMemory: false, outputComplete: false });
    expect(text()).toBe('first\nlast\n');
  });

  test('loses what it had of a line, which is told', async () => {
    const { exit, text } = await begin(server, "printf 'be'; sleep 3; echo gun");
    await server.crash();
    await server.restart();
    expect(await exit).toMatchObject({ exitCode: 0, outputComplete: false });
    expect(text()).not.toBe('begun\n');
  });
});

test('a container whose output broke off while its engine went on is read to its end', async () => {
  const engine = sharedEngine();
  const id = await endedAlone(engine, 'echo first; sleep 0.5; exit 4');
  try {
    expect(await rejoin(engine, id)).toMatchObject({ exitCode: 4, outputComplete: true });
  } finally {
    await engine.remove(id);
  }
});

test('a container that ended by itself while nobody but its engine saw it keeps its code', async () => {
  const engine = sharedEngine();
  const id = await endedAlone(engine, ENDS_AS_IF_KILLED);
  try {
    expect(await rejoin(engine, id)).toMatchObject({ exitCode: 137, outputComplete: true });
  } finally {
    await engine.remove(id);
  }
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

  test('or may have, before it came back, is not believed to have seen the job’s own end', async () => {
    const engine = new DockerEngine(connectDocker(server));
    const id = await endedAlone(engine, ENDS_AS_IF_KILLED);
    await server.restart();
    await expect(rejoin(engine, id)).rejects.toMatchObject({ code: 'worker.lost' });
    await engine.remove(id);
  });

  test('since what watched over one was killed does not make an exit code of that', async () => {
    const { id, exit } = await begin(server, 'echo first; sleep 600');
    const shim = childProcesses(1).find(
      ({ args }) => args[0]?.includes('shim') && args.includes(id),
    );
    process.kill(shim?.pid ?? 0, 'SIGKILL');
    await expect(exit).rejects.toMatchObject({ code: 'worker.lost' });
  });

  test('when it is shut down is not taken for the job’s own doing', async () => {
    const { exit } = await begin(server, 'echo first; sleep 600');
    await server.restart();
    await expect(exit).rejects.toMatchObject({ code: 'worker.lost' });
  });
});
