import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createLogger, type Labels, loadConfig, queueOf, Workers } from '@conjob/shared';
import { TEST_IMAGES, until } from '@conjob/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { closeIdleConnections } from './testing/services.ts';
import { openQueue } from './testing/test-queue.ts';
import { openLedger, type TestJob, type TestLedger } from './testing/test-redis.ts';
import { type RunningWorker, startWorker, workerConfigSchema } from './worker.ts';

const IMAGE = TEST_IMAGES.busybox.tag;
const FOREVER = { args: ['sleep', '600'], killTimeoutSeconds: 0 };
const HOUR_MS = 3_600_000;
const logger = createLogger({ name: 'worker', level: 'silent' });
closeIdleConnections();

let ledger: TestLedger;
let operator: Workers;
const workers: RunningWorker[] = [];

beforeAll(async () => {
  ledger = await openLedger();
  operator = new Workers(ledger.redis);
});
afterAll(() => ledger.close());
beforeEach(() => ledger.redis.flushall());
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
});

const environment = () => ({
  REDIS_URL: ledger.server.url,
  DOCKER_HOST: `unix://${inject('engineSocket')}`,
  WORKER_NAME: 'w',
  WORKER_CONCURRENCY: '2',
  WORKER_SHUTDOWN_SECONDS: '0',
});

async function start(more: Record<string, string> = {}): Promise<RunningWorker> {
  const config = loadConfig(workerConfigSchema, { ...environment(), ...more });
  const worker = await startWorker(config, logger, new AbortController().signal);
  workers.push(worker);
  return worker;
}

async function stop(worker: RunningWorker): Promise<void> {
  workers.splice(workers.indexOf(worker), 1);
  await worker.close();
}

async function submit(job: Partial<TestJob>, requires: Labels = {}): Promise<string> {
  const id = await ledger.submit({ image: IMAGE, remove: true, requires, ...job });
  const queue = await openQueue(ledger.redis, queueOf(requires));
  await queue.add(id);
  await queue.close();
  return id;
}

const find = (id: string) => ledger.submissions.find(id);
const runs = (id: string) => until(async () => (await find(id))?.phase === 'running');
const ends = (id: string) => until(async () => (await find(id))?.state === 'finished');
const seen = () => operator.find('w');
const shows = (fields: object) => expect.poll(seen, { timeout: 10_000 }).toMatchObject(fields);

describe('an operator who drains a worker', () => {
  test('sees it take no more jobs and go on with those it has, until told to resume', async () => {
    const worker = await start();
    const running = await submit(FOREVER);
    await runs(running);
    await operator.drain('w', 'new disks');
    await shows({ reported: 'draining', reason: 'new disks', running: 1 });
    const waiting = await submit({ args: ['true'] });
    await ledger.submissions.cancel(running, 'enough');
    await ends(running);
    await shows({ reported: 'draining', running: 0 });
    expect(await find(waiting)).toMatchObject({ state: 'queued' });
    await operator.resume('w');
    await ends(waiting);
    await shows({ state: 'ready', reason: null });
    await stop(worker);
    expect(await seen()).toBeNull();
  });

  test('sees it make no network for jobs that do not come, until told to resume', async () => {
    await start({ WORKER_LEASE_SECONDS: '3', WORKER_SANDBOX_REUSE: 'never' });
    const counts = (ready: number, inUse: number) => ({
      heldNetworks: { none: { ready, inUse } },
    });
    await ends(await submit({ args: ['true'] }));
    await shows(counts(1, 0));
    const running = await submit(FOREVER);
    await shows(counts(0, 1));
    await operator.drain('w', 'new disks');
    await shows({ reported: 'draining', running: 1 });
    await ledger.submissions.cancel(running, 'enough');
    await shows(counts(0, 0));
    // More beats than it takes to make one.
    const emptySince = (await seen())?.heartbeatAt ?? Number.NaN;
    await until(async () => ((await seen())?.heartbeatAt ?? 0) > emptySince + 1_500);
    await shows(counts(0, 0));
    await operator.resume('w');
    await shows(counts(1, 0));
  });

  test('finds it drained after a restart', async () => {
    await stop(await start());
    await operator.drain('w', 'new disks');
    await start();
    await shows({ reported: 'draining', reason: 'new disks' });
    const id = await submit({ args: ['true'] });
    await operator.resume('w');
    await ends(id);
    expect((await find(id))?.attempts).toHaveLength(1);
  });
});

test('an operator sees that all slots are taken, and that they are free again', async () => {
  await start({ WORKER_LEASE_SECONDS: '600' });
  const ids = [await submit(FOREVER), await submit(FOREVER)];
  await shows({ state: 'ready', running: 2 });
  await Promise.all(ids.map((id) => ledger.submissions.cancel(id, 'enough')));
  await shows({ state: 'ready', running: 0 });
});

describe('a worker with labels', () => {
  test('hears of requirements that come up while it runs', async () => {
    await start({ WORKER_LABELS: 'arch=arm64,gpu=true' });
    await shows({ labels: { arch: 'arm64', gpu: 'true' }, slots: 2 });
    const id = await submit({ args: ['true'] }, { gpu: 'true' });
    await ends(id);
    expect((await find(id))?.result).toMatchObject({ conclusion: 'SUCCESS' });
  });

  test('never runs more jobs than it has slots, whichever queues they come from', async () => {
    await start({ WORKER_LABELS: 'gpu=true', WORKER_CONCURRENCY: '1' });
    const ids = [await submit(FOREVER), await submit(FOREVER, { gpu: 'true' })];
    const phases = async () => Promise.all(ids.map(async (id) => (await find(id))?.phase ?? null));
    await until(async () => (await phases()).includes('running'));
    expect(await phases()).toContain(null);
    const first = ids[(await phases()).indexOf('running')] ?? '';
    await ledger.submissions.cancel(first, 'enough');
    await ends(first);
    const [second = ''] = ids.filter((id) => id !== first);
    await runs(second);
    await ledger.submissions.cancel(second, 'enough');
    await ends(second);
  });
});

describe('a worker whose clock is an hour ahead', () => {
  let child: ChildProcess;
  let said = '';

  test('works on, says so in its report, and warns once', async () => {
    const shift = `const now = Date.now; Date.now = () => now() + ${HOUR_MS};`;
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    child = spawn(process.execPath, ['--import', `data:text/javascript,${shift}`, main], {
      env: { ...process.env, ...environment(), WORKER_REAPER: 'none', WORKER_LEASE_SECONDS: '3' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout?.on('data', (data: Buffer) => {
      said += data.toString();
    });
    const id = await submit({ args: ['true'] });
    await ends(id);
    expect((await find(id))?.result).toMatchObject({ conclusion: 'SUCCESS' });
    const first = await seen();
    expect(Math.round((first?.clockSkewMs ?? 0) / 60_000)).toBe(60);
    // Several beats later.
    await until(async () => ((await seen())?.heartbeatAt ?? 0) > (first?.heartbeatAt ?? 0) + 1_500);
    expect(said.match(/3600 seconds ahead of that of Redis/g)).toHaveLength(1);
    child.kill();
    await once(child, 'exit');
  });
});
