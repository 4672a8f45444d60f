/**
 * Every Redis key of the product. The hash tag keeps all of them in one cluster slot, since the
 * ledger's scripts touch several at once.
 */
const PREFIX = '{conjob}';

/** BullMQ's own prefix and the name of the one queue. */
export const BULL_PREFIX = `${PREFIX}:bull`;
export const RUN_QUEUE = 'run';

export const keys = {
  /** Hash: the record and attempt ledger of one job. */
  job: (id: string) => `${PREFIX}:job:${id}`,
  /** String: bytes for the container's standard input, until the job has finished. */
  input: (id: string) => `${PREFIX}:input:${id}`,
  /** Stream: output of one attempt; fields `s` (1 stdout, 2 stderr) and `d` (at most 16 KiB). */
  output: (id: string, attempt: number) => `${keys.outputPrefix(id)}${attempt}`,
  outputPrefix: (id: string) => `${PREFIX}:output:${id}:`,
  /** Sorted set, all scores 0: ids of all kept jobs, in the order of their ids. */
  jobs: `${PREFIX}:jobs`,
  /** Sorted set by expiry: which ids to take out of `jobs`, since their records are gone. */
  expiry: `${PREFIX}:expiry`,
  /** Sorted set by time: accepted or given back, but not yet known to be on the queue. */
  adding: `${PREFIX}:adding`,
  /** Sorted set by time: accepted and not yet taken by a worker. */
  waiting: `${PREFIX}:waiting`,
  /** Sorted set by end: leases of running jobs. */
  leases: `${PREFIX}:leases`,
  /** Sorted set by deadline: when a waiting job has waited too long. */
  queueDeadlines: `${PREFIX}:queue-deadlines`,
  /** Stream: one entry per transition of any job; fields `id`, `state`. */
  events: `${PREFIX}:events`,
  /** Channel: ids of running jobs that were asked to stop. */
  cancels: `${PREFIX}:cancels`,
  /** String: job id and request fingerprint of an Idempotency-Key. */
  idempotency: (hash: string) => `${PREFIX}:idempotency:${hash}`,
  /** String: random id of everything that shares this Redis. */
  installation: `${PREFIX}:installation`,
  /** String with expiry: which process holds a worker's name. */
  workerName: (name: string) => `${PREFIX}:worker-name:${name}`,
  /** Sorted set by expiry: names of live workers. */
  workers: `${PREFIX}:workers`,
} as const;
