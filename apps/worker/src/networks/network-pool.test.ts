import { until } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeEngine } from '../engine/fake/fake-engine.ts';
import { testContainer } from '../testing/specs.ts';
import { HeldNetwork } from './held-network.ts';
import { MAX_AGE_MS, NetworkPool, type NetworkPoolOptions } from './network-pool.ts';

const IMAGE = 'docker.io/library/shell:latest';
const OWNER = { installation: 'test', worker: 'test' };

let engine: FakeEngine;
let pool: NetworkPool;
let now: number;
let failures: number;

function open(more: Partial<NetworkPoolOptions> = {}): void {
  pool = new NetworkPool({
    make: () => HeldNetwork.make(engine.helpers, OWNER, 'none'),
    remove: ({ helper }) => engine.remove(helper),
    size: 2,
    reuse: 'clean',
    onFailure: () => {
      failures += 1;
    },
    now: () => now,
    ...more,
  });
}

beforeEach(() => {
  engine = new FakeEngine();
  engine.images.add(IMAGE);
  now = performance.now();
  failures = 0;
  open();
});

afterEach(async () => {
  await pool.end();
});

/** One that is ready; waits until there is one. */
async function taken(): Promise<HeldNetwork> {
  let held: HeldNetwork | null = null;
  await until(async () => {
    held ??= await pool.take();
    return held !== null;
  });
  return held as unknown as HeldNetwork;
}

/** What a job does in it. */
async function use({ helper }: HeldNetwork, ...args: string[]): Promise<void> {
  const id = await engine.create(testContainer(IMAGE, args, { joins: helper }));
  const watch = await engine.watchExit(id, 'next-exit');
  await engine.start(id);
  await watch.exitCode;
  await engine.remove(id);
}

describe('a pool of networks', () => {
  test('makes none before one is wanted', async () => {
    expect(engine.containerCount).toBe(0);
    expect(await pool.take()).toBeNull();
    await until(() => pool.size === 1);
    expect(engine.containerCount).toBe(1);
  });

  test('makes none while it is paused, not even for one that was used up, and as many afterwards', async () => {
    const [one, two] = [await taken(), await taken()];
    pool.pause();
    pool.giveBack(one, 'spent');
    pool.giveBack(two, 'spent');
    expect(await pool.take()).toBeNull();
    await until(() => engine.containerCount === 0);
    expect(pool.size).toBe(0);
    pool.resume();
    await until(() => pool.size === 2);
  });

  test('gives each to one job at a time, and has no more than its size', async () => {
    const [one, two] = [await taken(), await taken()];
    expect(one.helper).not.toBe(two.helper);
    expect(await pool.take()).toBeNull();
    expect(engine.containerCount).toBe(2);
  });

  test('gives one again that was left as it was', async () => {
    open({ size: 1 });
    const first = await taken();
    await use(first, 'echo', 'hi');
    pool.giveBack(first, 'ended');
    expect(await pool.take()).toBe(first);
  });

  test('gives each of those who wait one, when as many are about to be ready', async () => {
    const used = [await taken(), await taken()];
    const checks = used.map((held) => {
      const check = Promise.withResolvers<boolean>();
      vi.spyOn(held, 'isAsMade').mockReturnValue(check.promise);
      pool.giveBack(held, 'ended');
      return check;
    });
    const waiting = used.map(() => pool.take());
    for (const check of checks) {
      check.resolve(true);
      await Promise.race(waiting);
    }
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(used));
  });

  test.each([
    ['that something was left in', ['nc'], 'ended'],
    ['of whose job it is not sure that it is gone', ['true'], 'spent'],
  ] as const)('replaces one %s', async (_, args, end) => {
    open({ size: 1 });
    const first = await taken();
    await use(first, ...args);
    pool.giveBack(first, end);
    const second = await taken();
    expect(second.helper).not.toBe(first.helper);
    await until(async () => (await engine.inspect(first.helper)) === null);
  });

  test('replaces each with the policy “never”', async () => {
    open({ size: 1, reuse: 'never' });
    const first = await taken();
    pool.giveBack(first, 'ended');
    expect((await taken()).helper).not.toBe(first.helper);
  });

  test('leaves one alone whose job may be running, and makes another one', async () => {
    open({ size: 1 });
    const first = await taken();
    pool.giveBack(first, 'unclear');
    expect((await taken()).helper).not.toBe(first.helper);
    expect(await engine.inspect(first.helper)).toMatchObject({ status: 'running' });
  });

  test('replaces one that has ended while nobody used it', async () => {
    open({ size: 1 });
    const first = await taken();
    pool.giveBack(first, 'ended');
    await until(async () => pool.size === 1);
    engine.kill(first.helper);
    expect((await taken()).helper).not.toBe(first.helper);
  });

  test('takes back one that ended while it was used, and replaces it', async () => {
    open({ size: 1 });
    const first = await taken();
    engine.kill(first.helper);
    pool.giveBack(first, 'ended');
    expect((await taken()).helper).not.toBe(first.helper);
  });

  test('makes none while it can’t, and goes on when it can', async () => {
    engine.fillDisk();
    expect(await pool.take()).toBeNull();
    await until(() => failures > 0);
    expect(await pool.take()).toBeNull();
    engine.freeDisk();
    await taken();
  });

  test('gives none that is old: what it was made of may have changed', async () => {
    pool.giveBack(await taken(), 'ended');
    now += 2 * MAX_AGE_MS;
    expect(await pool.take()).toBeNull();
  });

  test('that nobody has used for long is left empty', async () => {
    pool.giveBack(await taken(), 'ended');
    now += 2 * MAX_AGE_MS;
    await until(() => {
      pool.retireOld();
      return pool.size === 0;
    });
    await until(() => engine.containerCount === 0);
  });

  test('removes at its end all but those with a job in them', async () => {
    const [used, other] = [await taken(), await taken()];
    pool.giveBack(other, 'ended');
    await pool.end();
    expect(engine.containerCount).toBe(1);
    expect(await engine.inspect(used.helper)).toMatchObject({ status: 'running' });
    pool.giveBack(used, 'ended');
    await until(() => engine.containerCount === 0);
  });
});
