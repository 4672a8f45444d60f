import { randomUUID } from 'node:crypto';
import { createLogger, keys, type Labels, queueOf } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openQueue, type TestQueue } from '../testing/test-queue.ts';
import { openLedger, type TestLedger } from '../testing/test-redis.ts';
import type { Delivery, Disposition } from './delivery.ts';
import { Intake } from './intake.ts';
import { Intakes } from './intakes.ts';
import { RunLimit } from './run-limit.ts';
import { Slots } from './slots.ts';

const logger = createLogger({ name: 'worker', level: 'silent' });
const GPU = { gpu: 'true' };
const ARM = { arch: 'arm64' };
const ANY = {};

let ledger: TestLedger;
const queues = new Map<string, TestQueue>();
const workers: TestWorker[] = [];

beforeEach(async () => {
  ledger = await openLedger();
});
afterEach(async () => {
  for (const worker of workers) worker.endAll();
  await Promise.all(workers.splice(0).map(({ intakes }) => intakes.close()));
  await Promise.all([...queues.values()].map((queue) => queue.close()));
  queues.clear();
  await ledger.close();
});

async function queueFor(requires: Labels): Promise<TestQueue> {
  const name = queueOf(requires);
  const queue = queues.get(name) ?? (await openQueue(ledger.redis, name));
  queues.set(name, queue);
  return queue;
}

async function submit(requires: Labels, priority = 0): Promise<string> {
  const id = await ledger.submit({ image: 'shell', requires, priority });
  await (await queueFor(requires)).add(id);
  return id;
}

/** Takes jobs, and runs each until it is told to end it. */
class TestWorker {
  readonly intakes: Intakes;
  readonly taken: string[] = [];
  readonly #running = new Map<string, () => void>();
  #endsAtOnce = false;

  constructor(labels: Labels, slots: number) {
    this.intakes = new Intakes({
      redis: ledger.redis,
      name: 'test',
      labels,
      slots: new Slots(slots),
      runLimit: new RunLimit(),
      leaseMs: 30_000,
      process: (delivery) => this.#take(delivery),
      logger,
    });
    workers.push(this);
  }

  get running(): string[] {
    return [...this.#running.keys()].sort();
  }

  end(id: string): void {
    this.#running.get(id)?.();
  }

  endAll(): void {
    this.#endsAtOnce = true;
    for (const end of this.#running.values()) end();
  }

  async #take({ ticket, queue }: Delivery): Promise<Disposition> {
    const outcome = await ledger.attempts.take(ticket, queue, randomUUID());
    // What the ledger does not know is there to see whether anything is taken at all.
    return this.#run(outcome.kind === 'claimed' ? outcome.claim.id : ticket);
  }

  async #run(id: string) {
    this.taken.push(id);
    if (!this.#endsAtOnce) await new Promise<void>((resolve) => this.#running.set(id, resolve));
    this.#running.delete(id);
    return 'done' as const;
  }
}

async function start(labels: Labels, slots: number): Promise<TestWorker> {
  const worker = new TestWorker(labels, slots);
  await worker.intakes.refresh();
  worker.intakes.resume();
  return worker;
}

describe('a worker', () => {
  test('takes jobs that require nothing, and those whose every label it has', async () => {
    const ids = await Promise.all([ANY, GPU, { ...GPU, ...ARM }].map((each) => submit(each)));
    const others = await Promise.all([ARM, { gpu: 'false' }].map((each) => submit(each)));
    const worker = await start({ ...GPU, arch: 'arm64', zone: 'x' }, 9);
    await until(() => worker.running.length === 4);
    expect(worker.running).toEqual([...ids, others[0]].sort());
  });

  test('does not shut a queue for a job that leaves slots free', async () => {
    const worker = await start(ANY, 2);
    const hold = vi.spyOn(Intake.prototype, 'hold');
    const id = await submit(ANY);
    await until(() => worker.running.length === 1);
    worker.end(id);
    await until(() => worker.running.length === 0);
    expect(hold).not.toHaveBeenCalled();
    hold.mockRestore();
  });

  test('leaves a job that requires another label to a worker that has it', async () => {
    const plain = await start(ANY, 9);
    const withGpu = await start(GPU, 9);
    const id = await submit(GPU);
    await withGpu.intakes.refresh();
    await plain.intakes.refresh();
    await until(() => withGpu.running.includes(id));
    expect(plain.taken).toEqual([]);
  });

  test('finds requirements that come up while it runs, and forgets those that went', async () => {
    const worker = await start(GPU, 9);
    const id = await submit(GPU);
    await worker.intakes.refresh();
    await until(() => worker.running.includes(id));
    await ledger.redis.del(keys.placements);
    await worker.intakes.refresh();
    const late = await submit(ANY);
    await until(() => worker.running.includes(late));
    // What runs is not touched.
    expect(worker.running).toEqual([id, late].sort());
    await ledger.redis.del(keys.placements);
    await (await queueFor(GPU)).add('forgotten');
    await worker.intakes.refresh();
    worker.endAll();
    await until(async () => (await (await queueFor(GPU)).stateOf(id)) === 'unknown');
    expect(await (await queueFor(GPU)).stateOf('forgotten')).toBe('waiting');
  });

  test('has one connection that waits for jobs when it has no labels', async () => {
    await submit(GPU);
    await start(ANY, 9);
    await until(async () => (await waitingConnections()) === 1);
    await start(GPU, 9);
    await until(async () => (await waitingConnections()) >= 2);
  });
});

async function waitingConnections(): Promise<number> {
  return String(await ledger.redis.client('LIST')).match(/cmd=bzpopmin/g)?.length ?? 0;
}

describe('a worker with one slot', () => {
  test('runs one job at a time, whichever queues they wait in', async () => {
    const ids = await Promise.all([ANY, GPU, ANY, GPU, ARM, ARM].map((each) => submit(each)));
    const worker = await start({ ...GPU, ...ARM }, 1);
    for (let ended = 0; ended < ids.length; ended += 1) {
      await until(() => worker.taken.length === ended + 1);
      expect(worker.running).toHaveLength(1);
      worker.end(worker.running[0] ?? '');
    }
    expect(worker.taken.toSorted()).toEqual(ids.toSorted());
  });

  test('takes what is most important, then what is oldest, whichever queues they wait in', async () => {
    const blocker = await submit(ANY);
    const worker = await start({ ...GPU, ...ARM }, 1);
    await until(() => worker.running.includes(blocker));
    const expected = [];
    for (const requires of [ANY, GPU, ARM, ANY, GPU]) expected.push(await submit(requires));
    const [urgent, idle] = [await submit(ARM, 5), await submit(ANY, -5)];
    await worker.intakes.refresh();
    worker.endAll();
    await until(() => worker.taken.length === 8);
    expect(worker.taken).toEqual([blocker, urgent, ...expected, idle]);
  });

  test('does not keep to itself what an idle worker can run', async () => {
    const blocker = await submit(GPU);
    const busy = await start(GPU, 1);
    await until(() => busy.running.includes(blocker));
    const idle = await start(ANY, 9);
    const ids = await Promise.all([1, 2, 3, 4].map(() => submit(ANY)));
    await until(() => ids.every((id) => idle.running.includes(id)));
    expect(busy.taken).toEqual([blocker]);
  });

  test('has a turn for what was put off, though another queue is never empty', async () => {
    const blocker = await submit(ANY);
    const worker = await start(GPU, 1);
    await until(() => worker.running.includes(blocker));
    const gpu = await queueFor(GPU);
    const late = await submit(GPU);
    await gpu.putOff(late);
    for (const requires of [ANY, ANY]) await submit(requires);
    await worker.intakes.refresh();
    worker.endAll();
    await until(() => worker.taken.length === 4);
    expect(worker.taken.indexOf(late)).toBeLessThan(3);
  });
});

describe('a worker with two slots', () => {
  test('uses a slot that becomes free while another job runs on', async () => {
    const worker = await start(GPU, 2);
    const [long, short] = [await submit(ANY), await submit(GPU)];
    await worker.intakes.refresh();
    await until(() => worker.running.length === 2);
    const ids = [short, await submit(ANY), await submit(GPU)];
    for (const id of ids) {
      await until(() => worker.running.includes(id));
      worker.end(id);
    }
    await until(() => worker.running.length === 1);
    expect(worker.running).toEqual([long]);
  });

  test('counts adopted jobs, and uses their slots when they end, though others run on', async () => {
    const worker = new TestWorker(ANY, 2);
    const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    worker.intakes.keepSlots([one.promise, two.promise]);
    await worker.intakes.refresh();
    worker.intakes.resume();
    const ids = await Promise.all([1, 2, 3].map(() => submit(ANY)));
    expect(worker.taken).toEqual([]);
    one.resolve();
    await until(() => worker.running.length === 1);
    two.resolve();
    await until(() => worker.running.length === 2);
    worker.endAll();
    await until(() => worker.taken.length === 3);
    expect(worker.taken).toEqual(ids);
  });

  test('starts nothing while more jobs are adopted than it has slots for', async () => {
    const worker = new TestWorker(ANY, 2);
    const jobs = [1, 2, 3].map(() => Promise.withResolvers<void>());
    worker.intakes.keepSlots(jobs.map(({ promise }) => promise));
    await worker.intakes.refresh();
    worker.intakes.resume();
    const id = await submit(ANY);
    jobs[0]?.resolve();
    await (await queueFor(ANY)).add('probe');
    expect(worker.taken).toEqual([]);
    jobs[1]?.resolve();
    await until(() => worker.running.includes(id));
  });
});

describe('a worker that is held', () => {
  test('takes nothing, gives back what comes all the same, and goes on when it is resumed', async () => {
    const worker = await start(GPU, 2);
    const running = await submit(ANY);
    await until(() => worker.running.includes(running));
    worker.intakes.hold();
    const ids = [await submit(ANY), await submit(GPU)];
    await worker.intakes.refresh();
    // A fetch that was under way may bring one, which goes back.
    await until(async () => (await (await queueFor(ANY)).stateOf(ids[0] ?? '')) === 'waiting');
    expect(worker.taken).toEqual([running]);
    worker.intakes.resume();
    worker.end(running);
    await until(() => ids.every((id) => worker.running.includes(id)));
  });

  test.each([1, 2, 3, 4, 5])('and resumed at any moment goes on (%i)', async (times) => {
    const worker = await start(GPU, 1);
    worker.endAll();
    const ids = [];
    for (let round = 0; round < 10; round += 1) {
      ids.push(await submit(round % 2 ? GPU : ANY));
      await worker.intakes.refresh();
      worker.intakes.hold();
      for (let tick = 0; tick < times * round; tick += 1) await Promise.resolve();
      worker.intakes.resume();
    }
    await until(() => worker.taken.length === ids.length);
  });
});
