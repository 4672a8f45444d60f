import {
  CONCLUSION_NAMES,
  JOB_NETWORKS,
  type JobCounts,
  type JobTotals,
  type LimitValues,
  type WorkerInfo,
} from '@conjob/shared';
import { Counter, Gauge, Registry } from 'prom-client';
import { durationMetric } from './duration-metric.ts';

/** The service as Redis has it: every API process tells the same of it. */
export interface ServiceFacts {
  readonly totals: JobTotals;
  readonly counts: JobCounts;
  /** Groups of which jobs wait. */
  readonly groups: number;
  readonly limits: LimitValues;
  readonly workers: readonly Pick<WorkerInfo, 'state' | 'slots' | 'running' | 'heldNetworks'>[];
}

const WORKER_STATES: readonly WorkerInfo['state'][] = ['ready', 'draining', 'unready', 'lost'];

/** One answer: whatever is asked for at once can not mix. Null: Redis is away, and nobody knows. */
export function serviceMetrics(facts: ServiceFacts | null): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, value: number): void =>
    new Gauge({ name, help, registers }).set(value);
  gauge(
    'conjob_redis_up',
    'Whether Redis answers; without it, only metrics of the process are known.',
    facts ? 1 : 0,
  );
  if (facts === null) return registry.metrics();

  const { totals, counts, groups, limits, workers } = facts;
  const finished = new Counter({
    name: 'conjob_jobs_finished_total',
    help: 'Jobs that have ended, by conclusion.',
    labelNames: ['conclusion'],
    registers,
  });
  // A conclusion of a newer version counts as well, but under no name that this one does not know.
  for (const conclusion of CONCLUSION_NAMES) finished.inc({ conclusion }, 0);
  for (const [name, count] of Object.entries(totals.finished)) {
    const isKnown = (CONCLUSION_NAMES as readonly string[]).includes(name);
    finished.inc({ conclusion: isKnown ? name : 'other' }, count);
  }
  registry.registerMetric(durationMetric(totals.durations));
  gauge('conjob_jobs_queued', 'Jobs that wait, in all queues together.', counts.queued);
  gauge(
    'conjob_groups_queued',
    'Groups of which jobs wait; each counts once in each queue.',
    groups,
  );
  gauge('conjob_jobs_running', 'Jobs that run, on all workers together.', counts.running);

  const state = new Gauge({
    name: 'conjob_workers',
    help: 'Workers, by state.',
    labelNames: ['state'],
    registers,
  });
  for (const name of WORKER_STATES) {
    state.set({ state: name }, workers.filter((worker) => worker.state === name).length);
  }
  const alive = workers.filter((worker) => worker.state !== 'lost');
  const sum = (of: 'slots' | 'running') => alive.reduce((total, worker) => total + worker[of], 0);
  gauge('conjob_worker_slots', 'Jobs that all workers could run at once.', sum('slots'));
  gauge(
    'conjob_worker_slots_used',
    'Slots of workers that are taken, as they say.',
    sum('running'),
  );
  const held = new Gauge({
    name: 'conjob_held_networks',
    help: 'Networks that workers have made ahead, by mode, and by whether a job is in them.',
    labelNames: ['network', 'state'],
    registers,
  });
  for (const network of JOB_NETWORKS) {
    const counts = alive.map(({ heldNetworks }) => heldNetworks?.[network]);
    const total = (of: 'ready' | 'inUse') => counts.reduce((all, one) => all + (one?.[of] ?? 0), 0);
    held.set({ network, state: 'ready' }, total('ready'));
    held.set({ network, state: 'in_use' }, total('inUse'));
  }
  const limit = new Gauge({
    name: 'conjob_limit',
    help: 'Limits as they are now.',
    labelNames: ['limit'],
    registers,
  });
  for (const [name, value] of Object.entries(limits)) limit.set({ limit: name }, value);
  return registry.metrics();
}
