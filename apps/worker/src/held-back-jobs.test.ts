import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Attempts,
  BULL_PREFIX,
  createLogger,
  keys,
  LIMITS,
  Limits,
  type LimitValues,
  RUN_QUEUE,
  resultWithoutOutput,
} from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Delivery, Disposition } from './intake/delivery.ts';
import { Intakes } from './intake/intakes.ts';
import { RunLimit } from './intake/run-limit.ts';
import { Slots } from './intake/slots.ts';
import { listen } from './listener.ts';
import { openQueue, type TestQueue } from './testing/test-queue.ts';
import { openLedger, type TestLedger } from './testing/test-redis.ts';

const logger = createLogger({ name: 'worker', level: 'silent' });
const NEVER_MS = 2 ** 30;
/** What workers have in their hands, by BullMQ. */
const ACTIVE = `${BULL_PREFIX}:${RUN_QUEUE}:active`;
const DEFAULTS = Object.fromEntries(
  Object.entries(LIMITS).map(([name, { standard }]) => [name, standard]),
) as LimitValues;
const SUCCESS = { ...resultWithoutOutput('SUCCESS', null), exitCode: 0 };

let ledger: TestLedger;
let queue: TestQueue;
let limits: Limits;
const workers: TestWorker[] = [];

beforeEach(async () => {
  ledger = await openLedger();
  queue = await openQueue(ledger.redis);
  limits = new Limits(ledger.redis, DEFAULTS);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
  await queue.close();
  await ledger.close();
});

/** Takes jobs as a worker does, and ends each when it is told to. */
class TestWorker {
  readonly taken: string[] = [];
  /** How many claims it made, in vain or not. */
  asked = 0;
  readonly #runLimit: RunLimit;
  readonly #intakes: Intakes;
  readonly #attempts: Attempts;
  readonly #endListening: () => Promise<void>;
  readonly #ends = new Map<string, () => void>();

  constructor(name: string, lookAgainMs: number, hears: boolean) {
    const { redis, server } = ledger;
    this.#attempts = new Attempts(redis, { worker: name, leaseMs: 30_000 });
    this.#runLimit = new RunLimit(lookAgainMs);
    this.#intakes = new Intakes({
      redis,
      name,
      labels: {},
      slots: new Slots(4),
      runLimit: this.#runLimit,
      leaseMs: 30_000,
      process: (delivery) => this.#process(delivery),
      logger,
    });
    const onPlaces = () => hears && this.#runLimit.news();
    this.#endListening = listen(server.url, { [keys.places]: onPlaces }, logger);
    workers.push(this);
  }

  async start(): Promise<this> {
    this.#intakes.resume();
    await this.#intakes.refresh();
    const listening = async () => (await ledger.redis.pubsub('NUMSUB', keys.places))[1];
    await until(async () => Number(await listening()) === workers.length);
    return this;
  }

  get running(): string[] {
    return [...this.#ends.keys()];
  }

  end(id: string): boolean {
    const end = this.#ends.get(id);
    this.#ends.delete(id);
    end?.();
    return end !== undefined;
  }

  async close(): Promise<void> {
    this.#runLimit.end();
    this.#intakes.hold();
    for (const id of this.running) this.end(id);
    await this.#intakes.close();
    await this.#endListening();
  }

  async #process({ ticket, queue, answered }: Delivery): Promise<Disposition> {
    this.asked += 1;
    const outcome = await this.#attempts.take(ticket, queue, randomUUID());
    answered(outcome.kind);
    if (outcome.kind === 'held-back') return 'back';
    if (outcome.kind !== 'claimed') return 'done';
    const { id } = outcome.claim;
    this.taken.push(id);
    await new Promise<void>((resolve) => this.#ends.set(id, resolve));
    await this.#attempts.finish(outcome.claim, SUCCESS);
    return 'done';
  }
}

const start = (name: string, { lookAgainMs = NEVER_MS, hears = true } = {}) =>
  new TestWorker(name, lookAgainMs, hears).start();
const running = () => workers.flatMap((worker) => worker.running);
const asked = () => workers.reduce((sum, worker) => sum + worker.asked, 0);

async function submit(count: number): Promise<string[]> {
  const ids = [];
  for (let n = 0; n < count; n += 1) {
    const id = await ledger.submit({ image: 'shell' });
    await queue.add(id);
    ids.push(id);
  }
  return ids;
}

/** Nothing more is taken: nobody asks any longer. */
async function settled(): Promise<void> {
  for (let before = -1; before !== asked(); await sleep(100)) before = asked();
}

test('workers together never run more than the limit, and each place is used again at once', async () => {
  await limits.change({ maxConcurrentRuns: 3 });
  await start('first');
  await start('second');
  const ids = await submit(12);
  const ended: string[] = [];
  while (ended.length < ids.length) {
    const expected = Math.min(3, ids.length - ended.length);
    await until(() => running().length === expected);
    expect(await ledger.redis.zcard(keys.leases)).toBeLessThanOrEqual(3);
    const [id = ''] = running();
    for (const worker of workers) worker.end(id);
    ended.push(id);
  }
  expect(ended.sort()).toEqual([...ids].sort());
});

test('jobs that are held back start in their order', async () => {
  await limits.change({ maxConcurrentRuns: 1 });
  const ids = await submit(8);
  const worker = await start('first');
  for (const id of ids) {
    await until(() => worker.running.includes(id));
    // The next one was tried, and is back in its place.
    await until(async () => (await ledger.redis.llen(ACTIVE)) === 1);
    worker.end(id);
  }
  expect(worker.taken).toEqual(ids);
});

test('nobody asks again and again for a job that is held back', async () => {
  await limits.change({ maxConcurrentRuns: 0 });
  await submit(20);
  await start('first');
  await start('second');
  await until(() => asked() > 0);
  await settled();
  // At most once for each slot of each of them.
  expect(asked()).toBeLessThanOrEqual(8);
});

test('a limit that is lowered lets those that run go on, and starts none until there are fewer', async () => {
  const ids = await submit(6);
  const worker = await start('first');
  await until(() => worker.running.length === 4);
  await limits.change({ maxConcurrentRuns: 2 });
  for (const id of ids.slice(0, 2)) worker.end(id);
  await until(async () => (await ledger.redis.zcard(keys.leases)) === 2);
  await settled();
  expect(worker.running).toEqual(ids.slice(2, 4));
  worker.end(ids[2] ?? '');
  await until(() => worker.running.length === 2);
  expect(worker.running).toEqual([ids[3], ids[4]]);
});

test('a limit that is raised starts as many as may run by then', async () => {
  await limits.change({ maxConcurrentRuns: 1 });
  await submit(6);
  const worker = await start('first');
  await until(() => worker.running.length === 1);
  await settled();
  await limits.change({ maxConcurrentRuns: 3 });
  await until(() => worker.running.length === 3);
  await limits.change({ maxConcurrentRuns: LIMITS.maxConcurrentRuns.standard });
  await until(() => worker.running.length === 4);
});

test('a place is found by itself when nobody says that it is free', async () => {
  await limits.change({ maxConcurrentRuns: 1 });
  const [first = '', second = ''] = await submit(2);
  const worker = await start('deaf', { lookAgainMs: 50, hears: false });
  await until(() => worker.running.includes(first));
  worker.end(first);
  await until(() => worker.running.includes(second));
});
