import { type FaultProxy, startFaultProxy, TEST_IMAGES, until } from '@conjob/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { startMuteServer } from '../../testing/mute-server.ts';
import { closeIdleConnections, sharedEngine } from '../../testing/services.ts';
import { testContainer } from '../../testing/specs.ts';
import type { Engine } from '../engine.ts';
import { connectDocker } from './connect-docker.ts';
import { DockerEngine } from './docker-engine.ts';

const IMAGE = TEST_IMAGES.busybox.tag;
const direct = sharedEngine();
closeIdleConnections();

let proxy: FaultProxy;
let engine: DockerEngine;

beforeEach(async () => {
  proxy = await startFaultProxy({ target: { path: inject('engineSocket') }, listen: 'unix' });
  const socketPath = 'path' in proxy.address ? proxy.address.path : '';
  engine = new DockerEngine(connectDocker({ socketPath }));
});

afterEach(() => proxy.stop());

type Call = (engine: Engine) => Promise<unknown>;
const CALLS: readonly [keyof Engine, Call][] = [
  ['ping', (it) => it.ping()],
  ['describe', (it) => it.describe()],
  ['findImage', (it) => it.findImage('x')],
  ['removeImage', (it) => it.removeImage('x')],
  ['create', (it) => it.create(testContainer(IMAGE, ['true']))],
  ['attach', (it) => it.attach('x', { input: Buffer.from('in') })],
  ['watchExit', (it) => it.watchExit('x', 'next-exit')],
  ['start', (it) => it.start('x')],
  ['stop', (it) => it.stop('x', 0)],
  ['followOutput', (it) => it.followOutput('x')],
  ['inspect', (it) => it.inspect('x')],
  ['remove', (it) => it.remove('x')],
  ['list', (it) => it.list({})],
];

describe('an engine that is mute', () => {
  let server: Awaited<ReturnType<typeof startMuteServer>>;
  let mute: DockerEngine;

  beforeAll(async () => {
    server = await startMuteServer();
    mute = new DockerEngine(connectDocker(server), { deadlines: { lookMs: 50, workMs: 50 } });
  });
  afterAll(() => server.stop());

  test.each(CALLS)('ends %s at its deadline, and the connection with it', async (_, call) => {
    await expect(call(mute)).rejects.toMatchObject({ code: 'engine.unavailable' });
    await until(() => server.open === 0);
  });

  test('ends a pull when its signal does, with the reason', async () => {
    const giveUp = new AbortController();
    const pull = mute.pull('x', { platform: undefined, signal: giveUp.signal });
    await until(() => server.open === 1);
    giveUp.abort(new Error('enough'));
    await expect(pull).rejects.toThrow('enough');
    await until(() => server.open === 0);
  });
});

describe('an engine that is away', () => {
  test.each([
    ...CALLS,
    [
      'pull',
      (it: Engine) => it.pull('x', { platform: undefined, signal: new AbortController().signal }),
    ] as const,
  ])('fails %s at once', async (_, call) => {
    await proxy.set('refuse');
    await expect(call(engine)).rejects.toMatchObject({ code: 'engine.unavailable' });
  });
});

describe('a connection that is cut', () => {
  async function started() {
    const id = await engine.create(testContainer(IMAGE, ['sh', '-c', 'echo ready; sleep 600']));
    const attachment = await engine.attach(id, { input: undefined });
    const watch = await engine.watchExit(id, 'next-exit');
    await engine.start(id);
    const chunks = attachment.output[Symbol.asyncIterator]();
    await chunks.next();
    return { id, chunks, watch };
  }

  test('while waiting rejects the exit code, and never hangs', async () => {
    const { id, watch } = await started();
    proxy.cut();
    await expect(watch.exitCode).rejects.toMatchObject({ code: 'engine.unavailable' });
    await direct.remove(id);
  });

  test('while reading ends the output', async () => {
    const { id, chunks } = await started();
    const end = chunks.next().catch(() => ({ done: true }));
    proxy.cut();
    expect((await end).done).toBe(true);
    await direct.remove(id);
  });

  test('between two calls is made anew', async () => {
    expect((await engine.describe()).id).not.toBe('');
    proxy.cut();
    await until(() => proxy.open === 0);
    expect((await engine.describe()).id).not.toBe('');
  });
});
