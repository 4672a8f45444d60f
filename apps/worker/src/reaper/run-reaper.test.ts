import { join } from 'node:path';
import { Attempts, createLogger, keys, loadConfig } from '@conjob/shared';
import { startFaultProxy, TEST_IMAGES, type TempFolder, tempFolder, until } from '@conjob/testkit';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { workerConfigSchema } from '../config.ts';
import { LABELS } from '../engine/labels.ts';
import { sharedEngine, sharedEngineAccess } from '../testing/services.ts';
import { testContainer } from '../testing/specs.ts';
import { openLedger, type TestLedger } from '../testing/test-redis.ts';
import { runReaper, type WorkerEnd } from './run-reaper.ts';

const IMAGE = TEST_IMAGES.busybox.tag;
const INSTALLATION = `run-reaper-${process.pid}`;
const LEASE_SECONDS = 6;
const engine = sharedEngine();
const { socketPath } = sharedEngineAccess();

let ledger: TestLedger;
let attempts: Attempts;
let folder: TempFolder;
let said: string[];

beforeEach(async () => {
  folder = tempFolder();
  ledger = await openLedger();
  attempts = new Attempts(ledger.redis, { worker: 'test', leaseMs: LEASE_SECONDS * 1000 });
  await ledger.redis.set(keys.installation, INSTALLATION);
  said = [];
});
afterEach(async () => {
  for (const { id } of await engine.list(ours)) await engine.remove(id);
  await ledger.close();
  folder.remove();
});

const ours = { [LABELS.installation]: INSTALLATION };
const logger = createLogger({
  name: 'reaper',
  level: 'info',
  destination: { write: (line) => void said.push(line) },
});
const isReady = () => until(() => said.some((line) => line.includes('reaper is ready')));

function start(env: Record<string, string> = {}) {
  const config = loadConfig(workerConfigSchema, {
    REDIS_URL: ledger.server.url,
    DOCKER_HOST: `unix://${socketPath}`,
    WORKER_LEASE_SECONDS: String(LEASE_SECONDS),
    ...env,
  });
  const [quit, alone] = [new AbortController(), new AbortController()];
  const ended = runReaper(config, logger, { quit: quit.signal, alone: alone.signal });
  onTestFinished(async () => {
    quit.abort();
    await ended;
  });
  return { ended, leaveAlone: (how: WorkerEnd = 'dead') => alone.abort(how) };
}

async function runningJob() {
  const job = await ledger.submit({ image: IMAGE });
  const outcome = await attempts.claim(job, 'token');
  if (outcome.kind !== 'claimed') throw new Error(outcome.kind);
  const { claim } = outcome;
  await attempts.advance(claim, 'started', 'running');
  const labels = { ...ours, [LABELS.job]: job, [LABELS.attempt]: '1' };
  const id = await engine.create(testContainer(IMAGE, ['sleep', '600'], { labels }));
  await engine.start(id);
  const status = async () => (await engine.inspect(id))?.status ?? 'gone';
  return { claim, status };
}

test('a reaper ends what a dead worker left, by the end of its lease, and then itself', async () => {
  const reaper = start();
  await isReady();
  const { claim, status } = await runningJob();
  const leaseUntil = Number(await ledger.redis.hget(keys.job(claim.id), 'leaseUntil'));
  reaper.leaveAlone();
  await until(async () => (await status()) === 'exited');
  const { finishedAt } = (await engine.inspect((await engine.list(ours))[0]?.id ?? '')) ?? {};
  expect(finishedAt).toBeLessThan(leaseUntil);
  // As the API does when the lease is over.
  await ledger.redis.hset(keys.job(claim.id), 'state', 'finished');
  await reaper.ended;
  expect(await status()).toBe('gone');
});

test('a reaper whose worker goes ends at once when nothing is there', async () => {
  const reaper = start();
  await isReady();
  reaper.leaveAlone();
  await reaper.ended;
});

test('a reaper ends when its worker is gone and another one renews what runs', async () => {
  const reaper = start();
  await isReady();
  const { claim, status } = await runningJob();
  reaper.leaveAlone();
  let hasEnded = false;
  void reaper.ended.then(() => {
    hasEnded = true;
  });
  await until(async () => {
    await attempts.renew(claim);
    return hasEnded;
  });
  expect(await status()).toBe('running');
});

test('a reaper waits for Redis and for the engine at its start', async () => {
  const [redisLink, engineLink] = await Promise.all([
    startFaultProxy({ target: { path: ledger.server.target }, listen: 'unix' }),
    startFaultProxy({ target: { path: socketPath }, listen: 'unix' }),
  ]);
  const pathOf = ({ address }: typeof redisLink) => (address as { path: string }).path;
  await Promise.all([redisLink.set('refuse'), engineLink.set('refuse')]);
  const reaper = start({
    REDIS_URL: `unix://${pathOf(redisLink)}`,
    DOCKER_HOST: `unix://${pathOf(engineLink)}`,
    WORKER_HEARTBEAT_FILE: join(folder.path, 'heartbeat'),
  });
  await until(() => said.some((line) => line.includes('does not answer')));
  await until(() => said.some((line) => line.includes('Redis can not be reached')));
  await Promise.all([redisLink.set('pass'), engineLink.set('pass')]);
  await isReady();
  reaper.leaveAlone();
  await reaper.ended;
  await Promise.all([redisLink.stop(), engineLink.stop()]);
});

test('a reaper whose engine is away ends with a worker that has left nothing', async () => {
  const link = await startFaultProxy({ target: { path: socketPath }, listen: 'unix' });
  const { path } = link.address as { path: string };
  const reaper = start({ DOCKER_HOST: `unix://${path}` });
  await isReady();
  await link.set('refuse');
  link.cut();
  await until(() => said.some((line) => line.includes('does not answer')));
  reaper.leaveAlone('orderly');
  await reaper.ended;
  await link.stop();
});

test('a reaper leaves what is renewed, and ends it when Redis is mute', async () => {
  const link = await startFaultProxy({ target: { path: ledger.server.target }, listen: 'unix' });
  const { path } = link.address as { path: string };
  start({ REDIS_URL: `unix://${path}` });
  await isReady();
  const { claim, status } = await runningJob();
  const startedAt = performance.now();
  await until(async () => {
    await attempts.renew(claim);
    return performance.now() - startedAt > 1.2 * LEASE_SECONDS * 1000;
  });
  expect(await status()).toBe('running');
  await link.set('blackhole');
  await until(async () => (await status()) === 'exited');
  await link.set('pass');
  await link.stop();
});
