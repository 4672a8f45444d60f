import { expect } from 'vitest';
import type { Conclusion } from '../conclusion.ts';
import type { JobSpec } from '../job-spec.ts';
import { type AttemptStep, JOB_STATES, type JobState, NEXT_STATES } from '../job-state.ts';
import { keys } from '../keys.ts';
import type { Claim } from '../ledger/claim.ts';
import { queueOf } from '../placement.ts';
import type { Random } from './random.ts';
import type { useLedger } from './use-ledger.ts';

/** What the ledger should know of a job, as simple as can be. */
export interface Model {
  readonly id: string;
  readonly spec: JobSpec;
  state: JobState | 'forgotten';
  step: AttemptStep | '';
  worker: string;
  /** The only token with which the job can be changed. */
  token: string;
  isLeaseOver: boolean;
  cancelReason: string;
  retries: number;
  losses: number;
  /** Between two attempts, and too early for the next. */
  isEarly: boolean;
  /** Of each attempt, what came of it; null for none. */
  readonly conclusions: (Conclusion | null)[];
  conclusion: Conclusion | null;
  /** How many attempts came to their start. */
  starts: number;
  chunks: number;
  /** The queue has a delivery of it. */
  isOnQueue: boolean;
  /** Every claim that there ever was, most of them void. */
  readonly claims: Claim[];
  /** Its hash, once it has finished. */
  terminal?: Record<string, string>;
}

export interface Game {
  readonly ledger: ReturnType<typeof useLedger>;
  readonly random: Random;
  readonly jobs: readonly Model[];
}

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
  const jobs: Model[] = [];
  for (const fields of SPECS) {
    const id = await ledger.submit(fields);
    jobs.push({
      id,
      spec: (await ledger.find(id)).spec,
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
      isOnQueue: false,
      claims: [],
    });
  }
  return { ledger, random, jobs };
}

/** What must be so whatever has happened. `before`: the states that the jobs had, in their order. */
export async function expectAsModelled(
  { ledger, jobs }: Game,
  before: readonly Model['state'][],
): Promise<void> {
  await Promise.all(
    jobs.map(async (model, index) => {
      expectAllowed(before[index] ?? 'queued', model.state);
      await Promise.all([expectRecord(ledger, model), expectPlace(ledger, model)]);
    }),
  );
  const running = jobs.filter(({ state }) => state === 'running').map(({ id }) => id);
  expect((await ledger.redis.zrange(keys.leases, '0', '-1')).sort()).toEqual(running);
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

/** What is queued waits in its own queue, and is on it, or will be put there. Nothing else waits. */
async function expectPlace(
  ledger: Game['ledger'],
  { id, spec, state, isOnQueue }: Model,
): Promise<void> {
  const traces = await ledger.tracesOfWaiting(id);
  if (state !== 'queued') return expect(traces).toEqual([]);
  const waiting = traces.filter((key) => key.startsWith(keys.waitingPrefix));
  expect(waiting).toEqual([keys.waiting(queueOf(spec.requires))]);
  expect(isOnQueue || traces.includes(keys.adding)).toBe(true);
  expect(traces.includes(keys.queueDeadlines)).toBe(spec.queueTimeoutSeconds !== undefined);
}
