import {
  type Claim,
  connectImpatient,
  createLogger,
  disconnect,
  jobError,
  keys,
  resultWithoutOutput,
} from '@conjob/shared';
import { startFaultProxy, until } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from '../engine/engine.ts';
import { FakeEngine } from '../engine/fake/fake-engine.ts';
import { LABELS } from '../engine/labels.ts';
import { override } from '../testing/override.ts';
import { testContainer } from '../testing/specs.ts';
import { openLedger, type TestLedger } from '../testing/test-redis.ts';
import { GRACE_MS } from './fate.ts';
import { needsReaper } from './needs.ts';
import { Pace } from './pace.ts';
import { Reaper } from './reaper.ts';

const IMAGE = 'docker.io/library/shell:latest';
/** The lease of the test ledger. */
const LEASE_MS = 30_000;
const HOUR_MS = 3_600_000;
const logger = createLogger({ name: 'reaper', level: 'silent' });

let ledger: TestLedger;
let redis: Redis;
let engine: FakeEngine;
/** Of the reaper, and of the engine. */
let now: number;
let engineNow: number;
let reaper: Reaper;

const open = (on: Engine = engine, by: Redis = redis): Reaper =>
  new Reaper({
    engine: on,
    engineClock: { now: async () => engineNow },
    redis: by,
    installation: 'here',
    pace: new Pace(LEASE_MS),
    logger,
    now: () => now,
  });

beforeAll(async () => {
  ledger = await openLedger();
  redis = connectImpatient(ledger.server.url);
  await new Promise((resolve) => redis.once('ready', resolve));
});
afterAll(async () => {
  await disconnect(redis);
  await ledger.close();
});
beforeEach(() => {
  engine = new FakeEngine();
  engine.images.add(IMAGE);
  now = 0;
  engineNow = Date.now();
  reaper = open();
});
afterEach(async () => {
  for (const { id } of await engine.list({})) await engine.remove(id);
});

/** A pass at this time, and what it began is done. */
async function pass(at = now, of = reaper) {
  now = at;
  const report = await of.pass();
  await of.idle();
  return report;
}

/** Seen by two passes that are far enough apart. */
async function passTwice(of = reaper): Promise<void> {
  await pass(now, of);
  await pass(now + GRACE_MS, of);
}

async function container(labels: Record<string, string>, args = ['sleep', '600']) {
  const all = { [LABELS.installation]: 'here', [LABELS.attempt]: '1', ...labels };
  const id = await engine.create(testContainer(IMAGE, args, { labels: all }));
  await engine.start(id);
  return id;
}

/** A job that a worker runs. */
async function claimed() {
  const id = await ledger.submit({ image: IMAGE });
  const claim = await ledger.claim(id);
  await ledger.attempts.advance(claim, 'started', 'running');
  return claim;
}

/** To the next millisecond at least: a lease that ends at the same one is not seen to be a new one. */
async function renew(claim: Claim): Promise<void> {
  const leaseUntil = () => redis.hget(keys.job(claim.id), 'leaseUntil');
  const before = await leaseUntil();
  do await ledger.attempts.renew(claim);
  while ((await leaseUntil()) === before);
}

const RESULT = resultWithoutOutput('UNKNOWN', jobError('worker.lost'));
const finish = (claim: Claim) => ledger.attempts.finish(claim, RESULT);
const statusOf = async (id: string) => (await engine.inspect(id))?.status ?? 'gone';

describe('of a job that is running, a reaper', () => {
  test('leaves the container while its lease is renewed', async () => {
    const claim = await claimed();
    const id = await container({ [LABELS.job]: claim.id });
    for (let at = 0; at <= 3 * LEASE_MS; at += 20_000) {
      await renew(claim);
      await pass(at);
    }
    expect(await statusOf(id)).toBe('running');
  });

  test('kills it before the lease is over, and removes it once the ledger has ended the job', async () => {
    const claim = await claimed();
    const id = await container({ [LABELS.job]: claim.id });
    await pass(0);
    await pass(0.8 * LEASE_MS - 1000);
    expect(await statusOf(id)).toBe('running');
    await pass(0.8 * LEASE_MS);
    expect(await statusOf(id)).toBe('exited');
    await pass(HOUR_MS);
    expect(await statusOf(id)).toBe('exited');
    await finish(claim);
    await passTwice();
    expect(await statusOf(id)).toBe('gone');
  });

  test('kills it without Redis too', async () => {
    const proxy = await startFaultProxy({
      target: { path: ledger.server.target },
      listen: 'unix',
    });
    const { path } = proxy.address as { path: string };
    const link = connectImpatient(`unix://${path}`);
    link.on('error', () => {});
    await new Promise((resolve) => link.once('ready', resolve));
    const claim = await claimed();
    const id = await container({ [LABELS.job]: claim.id });
    const cutOff = open(engine, link);
    await pass(0, cutOff);
    await proxy.set('refuse');
    proxy.cut();
    // It never sees whose that is.
    const labels = { [LABELS.job]: claim.id, [LABELS.leaseMs]: String(LEASE_MS) };
    const other = await container(labels);
    await pass(0.1 * LEASE_MS, cutOff);
    await pass(0.7 * LEASE_MS, cutOff);
    expect([await statusOf(id), await statusOf(other)]).toEqual(['running', 'running']);
    await pass(0.8 * LEASE_MS, cutOff);
    expect([await statusOf(id), await statusOf(other)]).toEqual(['exited', 'exited']);
    await disconnect(link);
    await proxy.stop();
  });

  test('kills that of an earlier attempt at once', async () => {
    const claim = await claimed();
    const id = await container({ [LABELS.job]: claim.id });
    await ledger.attempts.retry(claim, RESULT, 0);
    const again = await ledger.attempts.claim(claim.id, 'again');
    expect(again).toMatchObject({ kind: 'claimed', claim: { attempt: 2 } });
    await pass(0);
    expect(await statusOf(id)).toBe('exited');
  });
});

describe('what nobody needs, a reaper', () => {
  test('removes after a while, running or never started, however long it was to be kept', async () => {
    const labels = { [LABELS.job]: 'unheard-of', [LABELS.keepSeconds]: '3600' };
    const running = await container(labels);
    const all = { ...labels, [LABELS.installation]: 'here', [LABELS.attempt]: '1' };
    const unstarted = await engine.create(testContainer(IMAGE, ['true'], { labels: all }));
    await pass(0);
    await pass(GRACE_MS - 1);
    expect([await statusOf(running), await statusOf(unstarted)]).toEqual(['running', 'created']);
    await pass(GRACE_MS);
    expect([await statusOf(running), await statusOf(unstarted)]).toEqual(['gone', 'gone']);
  });

  test('keeps for its time when it has ended, by the engine’s clock', async () => {
    // Whatever our own clock says.
    engineNow += 24 * HOUR_MS;
    const kept = await ended(24 * HOUR_MS + 3_600_000);
    const over = await ended(24 * HOUR_MS - 3_600_000);
    const never = await ended(0);
    await passTwice();
    expect([await statusOf(kept), await statusOf(over), await statusOf(never)]).toEqual([
      'exited',
      'gone',
      'gone',
    ]);
    engineNow += HOUR_MS + 60_000;
    await pass(now + 61_000);
    expect(await statusOf(kept)).toBe('gone');
  });

  test('keeps from its end on, not from when it was made', async () => {
    const madeEarlier = override(engine, {
      list: async (labels) => {
        const list = await engine.list(labels);
        return list.map((it) => ({ ...it, createdAt: it.createdAt - 2 * HOUR_MS }));
      },
    });
    const kept = await ended(HOUR_MS);
    await passTwice(open(madeEarlier));
    expect(await statusOf(kept)).toBe('exited');
  });

  test('asks the engine about none that is younger than its time, and about others once', async () => {
    const asked: string[] = [];
    const counting = override(engine, {
      inspect: async (id) => {
        asked.push(id);
        return engine.inspect(id);
      },
    });
    await ended(2 * HOUR_MS);
    const kept = await ended(HOUR_MS);
    const of = open(counting);
    await passTwice(of);
    expect(asked).toEqual([]);
    // It was made so long ago, and ended a little later.
    engineNow += HOUR_MS - 50_000;
    await pass(now + 61_000, of);
    await pass(now + 1, of);
    expect(asked.filter((id) => id !== kept)).toEqual([]);
    expect(asked.length).toBeLessThanOrEqual(1);
  });

  test('keeps, be they ever so many, at a small part of the engine’s time', async () => {
    const lists: string[] = [];
    const slow = override(engine, {
      list: async (labels, which = 'all') => {
        lists.push(which);
        if (which === 'all') now += 100;
        return engine.list(labels, which);
      },
    });
    const of = open(slow);
    const kept = await ended(HOUR_MS);
    const running = await container({});
    for (let at = 0; at <= GRACE_MS; at += 1_000) await pass(at, of);
    expect(lists.filter((which) => which === 'all').length).toBeLessThanOrEqual(3);
    expect([await statusOf(kept), await statusOf(running)]).toEqual(['exited', 'gone']);
    const over = await ended(0);
    for (let at = now; at <= 3 * GRACE_MS; at += 1_000) await pass(at, of);
    expect([await statusOf(kept), await statusOf(over)]).toEqual(['exited', 'gone']);
  });

  test('takes the image along for a job that wished so', async () => {
    const labels = { [LABELS.image]: 'shell', [LABELS.removeImage]: 'true' };
    await ended(0, labels);
    await passTwice();
    expect(await engine.findImage(IMAGE)).toBeNull();
  });

  test('removes also when another container can’t be', async () => {
    const stuck = await container({});
    const other = await container({});
    const failing = override(engine, {
      remove: async (id) => {
        if (id === stuck) throw new Error('device or resource busy');
        await engine.remove(id);
      },
    });
    await passTwice(open(failing));
    expect([await statusOf(stuck), await statusOf(other)]).toEqual(['running', 'gone']);
  });

  test('removes whichever worker made it: that one may be gone for good', async () => {
    const ids = [await container({ [LABELS.worker]: 'me' }), await container({})];
    await passTwice();
    expect(await Promise.all(ids.map(statusOf))).toEqual(['gone', 'gone']);
  });
});

test.each([
  ['no labels at all', {}],
  ['the name of another ConJob', { [LABELS.installation]: 'there', [LABELS.worker]: 'me' }],
  ['only half of our labels', { [LABELS.worker]: 'me' }],
])('a reaper never touches a container with %s', async (_, labels) => {
  const id = await engine.create(testContainer(IMAGE, ['sleep', '600'], { labels }));
  await engine.start(id);
  await passTwice();
  expect(await statusOf(id)).toBe('running');
});

describe('a reaper whose worker is gone is needed', () => {
  const isNeeded = async (aloneSince: number) =>
    (await pass()).entries.some((entry) => needsReaper(entry, aloneSince));

  test('until somebody else renews what runs', async () => {
    const claim = await claimed();
    await container({ [LABELS.job]: claim.id });
    await pass(0);
    now = 5_000;
    expect(await isNeeded(1_000)).toBe(true);
    await renew(claim);
    now = 9_000;
    expect(await isNeeded(1_000)).toBe(false);
  });

  test('until what nobody needs is gone, but not for what is only kept', async () => {
    await ended(HOUR_MS);
    const id = await container({});
    expect(await isNeeded(0)).toBe(true);
    await pass(GRACE_MS);
    expect(await statusOf(id)).toBe('gone');
    expect(await isNeeded(0)).toBe(false);
  });
});

async function ended(keepMs: number, labels = {}): Promise<string> {
  const id = await container({ [LABELS.keepSeconds]: String(keepMs / 1000), ...labels }, ['true']);
  await until(async () => (await statusOf(id)) === 'exited');
  return id;
}
