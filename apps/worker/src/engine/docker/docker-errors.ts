import type { JobErrorCode } from '@conjob/shared';
import { EngineError } from '../engine.ts';

/** Which call failed: the same status means something else for each. */
export type Operation = 'image' | 'pull' | 'login' | 'create' | 'start' | 'other';

/** A daemon that is away, or went away, as Node says it. */
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'EACCES',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ABORT_ERR',
]);

/** `[text of the engine, code]`: the engine gives one status (500, or 400) to all of these. */
type Rule = readonly [RegExp, JobErrorCode];

const PULL_RULES: readonly Rule[] = [
  [/toomanyrequests|too many requests/i, 'registry.rate_limited'],
  [/no matching manifest|does not match the specified platform/i, 'image.wrong_platform'],
  // Docker Hub says the same of a private repository and of none.
  [/pull access denied/i, 'image.not_found'],
  [/no basic auth|unauthorized|authentication required|forbidden|denied/i, 'image.unauthorized'],
  [/manifest unknown|name unknown|not found|unknown: repository/i, 'image.not_found'],
  [/no space left/i, 'engine.no_space'],
  [
    /dial tcp|connection refused|no such host|i\/o timeout|lookup |Client\.Timeout|TLS handshake|connection reset|no route to host|network is unreachable|x509:|server gave HTTP response/i,
    'registry.unreachable',
  ],
];

const LOGIN_RULES: readonly Rule[] = [
  [/401 unauthorized|incorrect username or password/i, 'image.unauthorized'],
  ...PULL_RULES,
];

const CREATE_RULES: readonly Rule[] = [
  [/does not match the specified platform/i, 'image.wrong_platform'],
  [/no space left/i, 'engine.no_space'],
];

const START_RULES: readonly Rule[] = [
  // What runs the containers is away, and the engine waits for it.
  [/containerd\.sock|: unavailable$/, 'engine.unavailable'],
  [/exec: "docker-init"/, 'sandbox.refused'],
  [/argument list too long/i, 'run.arguments_too_long'],
  [/unable to find user|no matching entries in passwd|unable to find group/i, 'run.unknown_user'],
  // What crun says of a directory.
  [/open executable: operation not permitted/i, 'run.not_executable'],
  [/permission denied|is a directory|exec format error/i, 'run.not_executable'],
  [/executable file not found|no such file or directory/i, 'run.command_not_found'],
  [/no space left/i, 'engine.no_space'],
];

interface DockerFailure {
  readonly statusCode?: number;
  readonly code?: string;
  readonly message?: string;
}

/** Turns whatever dockerode throws into an entry of the catalogue, keeping the engine's words. */
export function toEngineError(error: unknown, operation: Operation): EngineError {
  if (error instanceof EngineError) return error;
  const failure = error as DockerFailure;
  const words = engineWords(failure.message ?? String(error));
  return new EngineError(classify(failure, words, operation), words, { cause: error });
}

/** `(HTTP code 404) no such image - No such image: x ` without the client's own prefix. */
function engineWords(message: string): string {
  return message.replace(/^\(HTTP code \d+\) .*? - /s, '').trim();
}

function classify(failure: DockerFailure, words: string, operation: Operation): JobErrorCode {
  const status = failure.statusCode;
  if (status === undefined) {
    return isConnectionFailure(failure, words) ? 'engine.unavailable' : 'engine.failed';
  }
  const byText = (rules: readonly Rule[]) => rules.find(([pattern]) => pattern.test(words))?.[1];
  switch (operation) {
    case 'pull':
      if (status === 400) return 'image.invalid';
      return byText(PULL_RULES) ?? (status === 404 ? 'image.not_found' : 'registry.failed');
    case 'login':
      if (status === 401) return 'image.unauthorized';
      return byText(LOGIN_RULES) ?? 'registry.failed';
    case 'create':
      return byText(CREATE_RULES) ?? createCode(status);
    case 'start':
      return byText(START_RULES) ?? (status < 500 ? 'run.refused' : 'engine.failed');
    case 'image':
    case 'other':
      return 'engine.failed';
  }
}

/** A missing image is the only thing that create does not find. */
function createCode(status: number): JobErrorCode {
  if (status === 404) return 'image.not_local';
  return status < 500 && status !== 409 ? 'run.refused' : 'engine.failed';
}

function isConnectionFailure(failure: DockerFailure, words: string): boolean {
  return CONNECTION_CODES.has(failure.code ?? '') || /socket hang up|aborted/.test(words);
}

/** "Already gone" is success, by status and never by text. */
export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);
/** 304: the container is in that state already. dockerode rejects it like an error. */
export const isNotModified = (error: unknown): boolean => hasStatus(error, 304);
export const isConflict = (error: unknown): boolean => hasStatus(error, 409);

function hasStatus(error: unknown, status: number): boolean {
  return (error as DockerFailure).statusCode === status;
}
