import { type JobRequest, MAX_ARGUMENT_BYTES } from '@conjob/shared';
import type { FieldError } from '../http/request-errors.ts';

/**
 * Linux: arguments and environment share a quarter of the stack's 8 MiB. What the image adds of its
 * own is not known here: some room is left for it.
 */
const MAX_TOTAL_BYTES = 2 * 1024 * 1024 - 64 * 1024;
/** Each string ends with a NUL and has a pointer. */
const OVERHEAD_BYTES = 1 + 8;

/** What of a process's arguments and environment no kernel would take. */
export function oversizedArguments({
  entrypoint = [],
  args,
  env,
  secretEnv,
}: JobRequest): FieldError[] {
  const strings = [
    ...entrypoint.map((text, index) => ({ path: `entrypoint[${index}]`, text })),
    ...args.map((text, index) => ({ path: `args[${index}]`, text })),
    ...variables('env', env),
    ...variables('secretEnv', secretEnv),
  ].map(({ path, text }) => ({ path, bytes: Buffer.byteLength(text) }));

  const tooLarge = strings
    .filter(({ bytes }) => bytes > MAX_ARGUMENT_BYTES)
    .map(({ path, bytes }) => ({
      path,
      message: `Has ${bytes} bytes; one argument takes at most ${MAX_ARGUMENT_BYTES}.`,
    }));
  if (tooLarge.length > 0) return tooLarge;

  const total = strings.reduce((sum, { bytes }) => sum + bytes + OVERHEAD_BYTES, 0);
  if (total <= MAX_TOTAL_BYTES) return [];
  const message = `All arguments and env take ${total} bytes; at most ${MAX_TOTAL_BYTES} are possible.`;
  return [{ path: 'args', message }];
}

function variables(field: string, values: Readonly<Record<string, string>>) {
  return Object.entries(values).map(([name, value]) => ({
    path: `${field}.${name}`,
    text: `${name}=${value}`,
  }));
}
