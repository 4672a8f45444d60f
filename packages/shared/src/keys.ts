/**
 * Every Redis key of the product. The hash tag keeps all of them in one cluster slot, since the
 * ledger's scripts touch several at once.
 */
const PREFIX = '{conjob}';

/** BullMQ's own prefix, and the name of the queue of jobs that any worker can run. */
export const BULL_PREFIX = `${PREFIX}:bull`;
export const RUN_QUEUE = 'run';

export const keys = {
  /** Hash: the record and attempt ledger of one job. */
  job: (id: string) => `${PREFIX}:job:${id}`,
  /** String: bytes for the container's standard input, until the job has finished. */
  input: (id: string) => `${PREFIX}:input:${id}`,
  /**
   * Stream: output of one attempt; fields `s` (1 stdout, 2 stderr) and `d` (at most 16 KiB). And channel: position of
   * the last entry, whenever there are more.
   */
  output: (id: string, attempt: number) => `${keys.outputPrefix(id)}${attempt}`,
  outputPrefix: (id: string) => `${PREFIX}:output:${id}:`,
  /** Sorted set, all scores 0: ids of all kept jobs, in the order of their ids. */
  jobs: `${PREFIX}:jobs`,
  /** Sorted set by expiry: which ids to take out of `jobs`, since their records are gone. */
  expiry: `${PREFIX}:expiry`,
  /** Sorted set by time: to be put on their queue then, or not yet known to be there. */
  adding: `${PREFIX}:adding`,
  /** Sorted set of all that is accepted and not yet taken by a worker, by importance, then by time. */
  waiting: (queue: string) => `${keys.waitingPrefix}${queue}`,
  /** Sorted set, in the same order: what of it is due, and belongs to one group. */
  line: (queue: string, group: string) => `${keys.waitingPrefix}${queue}:${group}`,
  waitingPrefix: `${PREFIX}:waiting:`,
  /** Sorted set: the groups that have a line in a queue, by whose turn it is. */
  turns: (queue: string) => `${keys.turnsPrefix}${queue}`,
  turnsPrefix: `${PREFIX}:turns:`,
  /** Number: the last turn that was given out. */
  lastTurn: `${PREFIX}:last-turn`,
  /** String with expiry: the job that a worker got, should it ask again since it did not hear the answer. */
  taken: (token: string) => `${PREFIX}:taken:${token}`,
  /** Sorted set by last use: requirements that jobs have had, each with a queue of its own. */
  placements: `${PREFIX}:placements`,
  /** Sorted set by end: leases of running jobs. */
  leases: `${PREFIX}:leases`,
  /** Hash: limits that an operator has set, and `default:<name>` of those that the API was started with. */
  limits: `${PREFIX}:limits`,
  /** Sorted set by time, in microseconds: jobs that were accepted within the last second. */
  accepted: `${PREFIX}:accepted`,
  /** Set: unfinished jobs of `/job/run`, which have a place among those that run, or are promised one. */
  syncRuns: `${PREFIX}:sync-runs`,
  /** Hash: how many jobs have ended how, and how long they took: see `count-scripts.ts`. */
  totals: `${PREFIX}:totals`,
  /** Channel: a job that was held back by the limit may be taken now. */
  places: `${PREFIX}:places`,
  /** Sorted set by deadline: when a waiting job has waited too long. */
  queueDeadlines: `${PREFIX}:queue-deadlines`,
  /** Stream: one entry per transition of any job; fields `id`, `state`. */
  events: `${PREFIX}:events`,
  /** Channel: ids of running jobs that were asked to stop. */
  cancels: `${PREFIX}:cancels`,
  /** String: job id and request fingerprint of an Idempotency-Key. */
  idempotency: (hash: string) => `${PREFIX}:idempotency:${hash}`,
  /** String, expires with it: what may be told of a token, under the SHA-256 of it. */
  token: (hash: string) => `${PREFIX}:token:${hash}`,
  /** Hash: the SHA-256 of each token by its name. */
  tokens: `${PREFIX}:tokens`,
  /** Hash by name: when a token was used last. */
  tokenUses: `${PREFIX}:token-uses`,
  /** Hash: the sealed secret of an image, which is given in its canonical form. */
  secret: (image: string) => `${PREFIX}:secret:${image}`,
  /** String: random id of everything that shares this Redis. */
  installation: `${PREFIX}:installation`,
  /** String with expiry: which process holds a worker's name. */
  workerName: (name: string) => `${PREFIX}:worker-name:${name}`,
  /** Sorted set by the end of their last sign of life: names of workers. */
  workers: `${PREFIX}:workers`,
  /** String: what a worker said of itself with its last sign of life, as JSON. */
  worker: (name: string) => `${PREFIX}:worker:${name}`,
  /** Hash: names of workers that shall take no jobs, and why. */
  drains: `${PREFIX}:drains`,
  /** Channel: names of workers that were told to drain or resume; empty for a new placement. */
  workerNews: `${PREFIX}:worker-news`,
  /** Channel: volumes that all workers shall remove, as JSON; and hashes with the answer of each. */
  volumeRemovals: `${PREFIX}:volume-removals`,
  volumeAnswers: (id: string) => `${PREFIX}:volume-answers:${id}`,
  /** Sorted sets by last use: images and cache volumes of an engine that jobs have used. */
  imageUse: (engineId: string) => `${PREFIX}:image-use:${engineId}`,
  volumeUse: (engineId: string) => `${PREFIX}:volume-use:${engineId}`,
} as const;
