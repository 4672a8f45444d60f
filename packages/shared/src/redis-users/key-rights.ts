import { keys } from '../keys.ts';

/** The users of Redis that processes of ConJob log in as. `keys` is the command of operators. */
export const REDIS_ROLES = ['api', 'worker', 'reaper', 'keys'] as const;
export type RedisRole = (typeof REDIS_ROLES)[number];

/**
 * `r`: may read it. `rw`: also change it; a script needs that for every key that it is given, whatever it
 * does with it. `channel`: may publish and subscribe; `rw channel`: it is a key too, if only of a script that
 * publishes there.
 */
type Right = 'r' | 'rw' | 'channel' | 'rw channel';

/** Who may use what in Redis. A new key has to be here, else this does not compile. */
const RIGHTS: Readonly<Record<keyof typeof keys, Partial<Record<RedisRole, Right>>>> = {
  job: { api: 'rw', worker: 'rw', reaper: 'r' },
  input: { api: 'rw', worker: 'rw' },
  output: { api: 'rw channel', worker: 'rw channel' },
  outputPrefix: { api: 'rw', worker: 'rw' },
  jobs: { api: 'rw' },
  expiry: { api: 'rw', worker: 'rw' },
  adding: { api: 'rw', worker: 'rw' },
  waiting: { api: 'rw', worker: 'rw' },
  waitingPrefix: { api: 'rw', worker: 'rw' },
  line: { api: 'rw', worker: 'rw' },
  turns: { api: 'rw', worker: 'rw' },
  turnsPrefix: { api: 'rw', worker: 'rw' },
  lastTurn: { api: 'rw', worker: 'rw' },
  taken: { worker: 'rw' },
  placements: { api: 'rw', worker: 'rw' },
  leases: { api: 'rw', worker: 'rw' },
  limits: { api: 'rw', worker: 'rw' },
  accepted: { api: 'rw' },
  syncRuns: { api: 'rw', worker: 'rw' },
  totals: { api: 'rw', worker: 'rw' },
  places: { api: 'rw channel', worker: 'rw channel' },
  queueDeadlines: { api: 'rw', worker: 'rw' },
  events: { api: 'rw', worker: 'rw' },
  cancels: { api: 'rw channel', worker: 'channel' },
  idempotency: { api: 'rw' },
  token: { api: 'rw' },
  tokens: { api: 'rw' },
  tokenUses: { api: 'rw' },
  secret: { api: 'rw', worker: 'r', keys: 'rw' },
  installation: { worker: 'rw', reaper: 'rw' },
  workerName: { worker: 'rw', reaper: 'r' },
  workers: { api: 'r', worker: 'rw' },
  worker: { api: 'r', worker: 'rw', reaper: 'r' },
  drains: { api: 'rw', worker: 'rw' },
  workerNews: { api: 'rw channel', worker: 'rw channel' },
  volumeRemovals: { api: 'channel', worker: 'channel' },
  volumeAnswers: { api: 'r', worker: 'rw' },
  imageUse: { worker: 'rw', reaper: 'rw' },
  volumeUse: { worker: 'rw', reaper: 'rw' },
};

/** What of BullMQ: it makes keys of many kinds. */
const QUEUES: Partial<Record<RedisRole, string>> = {
  api: '~{conjob}:bull:*',
  worker: '~{conjob}:bull:*',
};

/** The keys and channels of a role, as an ACL of Redis has them. */
export function keyRules(role: RedisRole): string[] {
  const rules = (Object.keys(RIGHTS) as (keyof typeof keys)[]).flatMap((name) => {
    const right = RIGHTS[name][role];
    const pattern = patternOf(name);
    return [
      ...(right === 'r' ? [`%R~${pattern}`] : []),
      ...(right?.startsWith('rw') ? [`~${pattern}`] : []),
      ...(right?.endsWith('channel') ? [`&${pattern}`] : []),
    ];
  });
  const queues = QUEUES[role];
  return queues === undefined ? rules : [...rules, queues];
}

function patternOf(name: keyof typeof keys): string {
  const key = keys[name];
  // As many parts as any key has.
  return typeof key === 'string' ? key : (key as (...parts: string[]) => string)('*', '*');
}
