import { RequestError } from './request-errors.ts';

/** The first word of replies by which a living Redis says that it will not write (or serve) now. */
const REFUSALS: Record<string, string> = {
  OOM: 'Redis is out of memory.',
  MISCONF: 'Redis can not write to its disk.',
  READONLY: 'This Redis is a read-only replica.',
  LOADING: 'Redis is starting and still loads its data.',
  NOREPLICAS: 'Redis has too few replicas.',
  MASTERDOWN: 'This Redis has lost its primary.',
  CLUSTERDOWN: 'The Redis cluster is down.',
  BUSY: 'Redis is busy with a script.',
  TRYAGAIN: 'The Redis cluster is being moved.',
  NOAUTH: 'Redis wants a password.',
  WRONGPASS: 'Redis refused the password.',
  NOPERM: 'Redis does not let this user do that.',
};

/** Errors of ioredis itself have no class or code; these are all that a command can fail with. */
const AWAY =
  /^(Connection is closed|Stream isn't writeable|Command timed out|Reached the max retries|Socket closed|Socket timeout|Command aborted)/;
const NETWORK = /^(ECONN|EPIPE|ENOTFOUND|EHOST|ENET|ETIMEDOUT|ENOENT|EAI_)/;

/** The answer to a request that failed since Redis is away or refuses; undefined for other errors. */
export function redisFault(error: unknown): RequestError | undefined {
  if (!(error instanceof Error)) return undefined;
  const refusal = refusalOf(error);
  if (refusal !== undefined) {
    return new RequestError('redis.refused_write', refusal, {
      hint: 'An operator should look at Redis; try again later.',
      headers: { 'Retry-After': '5' },
      cause: error,
    });
  }
  return isAway(error) ? redisUnavailable(error) : undefined;
}

export function redisUnavailable(cause?: unknown): RequestError {
  return new RequestError('redis.unavailable', 'Redis, which keeps all jobs, does not answer.', {
    hint: 'Try again shortly, with an Idempotency-Key where the job must not run twice.',
    headers: { 'Retry-After': '2' },
    cause,
  });
}

function refusalOf(error: Error): string | undefined {
  if (error.name !== 'ReplyError') return undefined;
  // A refusal inside a script comes as "… user_script:3: OOM command not allowed …" or as itself.
  const word = error.message.split(' ', 1)[0] ?? '';
  return REFUSALS[word];
}

function isAway(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return (
    AWAY.test(error.message) || NETWORK.test(code) || error.name === 'MaxRetriesPerRequestError'
  );
}
