import { expect } from 'vitest';
import type { JobSpec } from '../job-spec.ts';
import { JOB_STATES, NEXT_STATES } from '../job-state.ts';
import { keys } from '../keys.ts';
import { readHolders } from '../ledger/holders.ts';
import { queueOf } from '../placement.ts';
import type { Model } from './ledger-model.ts';
import type { Random } from './random.ts';
import type { useLedger } from './use-ledger.ts';

export interface Game {
  readonly ledger: ReturnType<typeof useLedger>;
  readonly random: Random;
  readonly jobs: Model[];
}

const GROUPS = ['a', 'b'] as const;
const FOR_EVER_MS = 365 * 24 * 3_600_000;

const SPECS: readonly Partial<JobSpec>[] = [
  {},
  { priority: 5, queueTimeoutSeconds: 3600 },
  { priority: -5, requires: { gpu: 'true' }, retry: retryOn(['worker.lost']) },
  { requires: { arch: 'arm64', gpu: 'true' }, retry: retryOn(['exit:1']) },
];

function retryOn(on: string[]): NonNullable<JobSpec['retry']> {
  return { maxAttempts: 3, on, backoffSeconds: 0 };
}

export async function newGame(ledger: Game['ledger'], random: Random): Promise<Game> {
  const game: Game = { ledger, random, jobs: [] };
  for (const fields of SPECS) game.jobs.push(await newJob(game, fields));
  return game;
}

export async function newJob(
  { ledger, random }: Game,
  fields = random.pick(SPECS),
): Promise<Model> {
  const id = await ledger.submit(fields, undefined, random.pick(GROUPS));
  return {
    id,
    spec: (await ledger.find(id)).spec,
    group: (await ledger.find(id)).group,
    state: 'queued',
    step: '',
    worker: '',
    token: '',
    isLeaseOver: false,
    cancelReason: '',
    retries: 0,
    losses: 0,
    isEarly: false,
    conclusions: [],
    conclusion: null,
    starts: 0,
    chunks: 0,
    isInLine: true,
    isOnQueue: false,
    claims: [],
  };
}

/** What must be so of a job whatever has happened to it. */
export async function expectAsModelled(
  { ledger }: Game,
  model: Model,
  before: Model['state'],
): Promise<void> {
  expectAllowed(before, model.state);
  await Promise.all([expectRecord(ledger, model), expectPlace(ledger, model)]);
}

/** There is a lease of each running job, and it ends when the job says so. */
export async function expectLeases({ ledger, jobs }: Game): Promise<void> {
  const running = jobs.filter(({ state }) => state === 'running').map(({ id }) => id);
  const holders = await readHolders(ledger.redis, running);
  const expected = running.map((id, index) => ({ id, leaseUntil: holders[index]?.leaseUntil }));
  const leases = await ledger.leases.ending(FOR_EVER_MS);
  const inOrder = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  expect(leases.sort(inOrder)).toEqual(expected.sort(inOrder));
}

function expectAllowed(from: Model['state'], to: Model['state']): void {
  if (from === to) return;
  const allowed = from === 'forgotten' ? [] : [...NEXT_STATES[from], 'forgotten'];
  expect(allowed, `${from} → ${to}`).toContain(to);
  if (to === 'forgotten') expect(from).toBe(JOB_STATES.at(-1));
}

async function expectRecord(ledger: Game['ledger'], model: Model): Promise<void> {
  const record = await ledger.submissions.find(model.id);
  expect(record?.state ?? 'forgotten').toBe(model.state);
  if (record === null) return;
  expect(record.attempts.map(({ result }) => result?.conclusion ?? null)).toEqual(
    model.conclusions,
  );
  expect(record.result?.conclusion ?? null).toBe(model.conclusion);
  expect(record.retries).toBe(model.retries);
  expect((record.retryAt ?? 0) > record.createdAt + 600_000).toBe(model.isEarly);
  if (model.state !== 'queued') expect(record.retryAt).toBeNull();
  expect(record.cancelReason ?? '').toBe(model.cancelReason);
  // What was started runs once, and once more for each time that it is run again.
  expect(model.starts).toBeLessThanOrEqual(record.retries + 1);
  const streams = model.conclusions.map((_, n) => ledger.redis.xlen(keys.output(model.id, n + 1)));
  const chunks = (await Promise.all(streams)).reduce((sum, length) => sum + length, 0);
  expect(chunks).toBe(model.chunks);
  if (model.state !== 'finished') return;
  const hash = await ledger.redis.hgetall(keys.job(model.id));
  model.terminal ??= hash;
  expect(hash).toEqual(model.terminal);
}

/** What is queued waits in its own queue, in line if it is due, and is on it, or will be. Nothing else waits. */
async function expectPlace(
  ledger: Game['ledger'],
  { id, spec, group, state, isOnQueue, isInLine }: Model,
): Promise<void> {
  const traces = await ledger.tracesOfWaiting(id);
  if (state !== 'queued') return expect(traces).toEqual([]);
  const waiting = traces.filter((key) => key.startsWith(keys.waitingPrefix));
  const queue = queueOf(spec.requires);
  const line = keys.line(queue, group);
  expect(waiting.toSorted()).toEqual([keys.waiting(queue), ...(isInLine ? [line] : [])]);
  expect(isOnQueue || traces.includes(keys.adding)).toBe(true);
  expect(traces.includes(keys.queueDeadlines)).toBe(spec.queueTimeoutSeconds !== undefined);
}
