import { createHash } from 'node:crypto';
import type { JobRequest, JobSpec, SecretValues } from '@conjob/shared';

/** A job that a request asks for, checked, and ready to be accepted. */
export interface NewJob {
  /** Its `secretEnv` is still to be sealed, for its id. */
  readonly spec: JobSpec;
  /** In the open: only to be sealed, and not to be kept. */
  readonly secretEnv: SecretValues;
  readonly input: Buffer | undefined;
  /** Equal for requests that ask for the same, however they were written; of `secretEnv` only names count. */
  readonly fingerprint: string;
  /** What of it goes into Redis, nearly. */
  readonly bytes: number;
  /** Whether the job ends with the connection of whoever waits for it. */
  readonly cancelOnDisconnect: boolean;
}

export interface AskedJob {
  /** What the caller wrote, before any defaults, which may change between two requests. */
  readonly given: object;
  readonly request: JobRequest;
  readonly input: Buffer | undefined;
  readonly cancelOnDisconnect: boolean;
}

export function newJob({ given, request, input, cancelOnDisconnect }: AskedJob): NewJob {
  const { stdin: _, secretEnv, ...rest } = request;
  const { stdin: __, secretEnv: ___, ...spec } = given as { stdin?: unknown; secretEnv?: unknown };
  const names = Object.keys(secretEnv).sort();
  const secrets = names.reduce((sum, name) => sum + Buffer.byteLength(secretEnv[name] ?? ''), 0);
  const said = {
    ...spec,
    ...(cancelOnDisconnect ? { onDisconnect: 'cancel' } : {}),
    // A hash of a value would tell it to whoever guesses.
    ...(names.length > 0 ? { secretEnv: names } : {}),
  };
  const text = canonicalJson(said);
  const hash = createHash('sha256').update(text);
  if (input !== undefined) hash.update('\0').update(input);
  return {
    spec: { ...rest, stdinBytes: input === undefined ? null : input.length },
    secretEnv,
    input,
    fingerprint: hash.digest('hex'),
    bytes: Buffer.byteLength(text) + secrets + (input?.length ?? 0),
    cancelOnDisconnect,
  };
}

/** The same text for values that differ only in the order of their fields. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
