import { createHash } from 'node:crypto';
import type { JobRequest, JobSpec } from '@conjob/shared';

/** A job that a request asks for, checked, and ready to be accepted. */
export interface NewJob {
  readonly spec: JobSpec;
  readonly input: Buffer | undefined;
  /** Equal for requests that ask for the same, however they were written. */
  readonly fingerprint: string;
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
  const { stdin: _, ...rest } = request;
  const { stdin: __, ...spec } = given as { stdin?: unknown };
  const said = cancelOnDisconnect ? { ...spec, onDisconnect: 'cancel' } : spec;
  const hash = createHash('sha256').update(canonicalJson(said));
  if (input !== undefined) hash.update('\0').update(input);
  return {
    spec: { ...rest, stdinBytes: input === undefined ? null : input.length },
    input,
    fingerprint: hash.digest('hex'),
    cancelOnDisconnect,
  };
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
