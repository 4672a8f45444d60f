import type { FieldError } from './request-errors.ts';

const MAX_REASON_LENGTH = 255;

/** What is wrong with a reason that somebody gave; it is shown to others, and stored. */
export function reasonError(reason: unknown): FieldError | undefined {
  const message = complaint(reason);
  return message === undefined ? undefined : { path: 'reason', message };
}

function complaint(reason: unknown): string | undefined {
  if (typeof reason !== 'string') return 'Must be text.';
  if (reason.length > MAX_REASON_LENGTH) return `At most ${MAX_REASON_LENGTH} characters.`;
  if (!reason.isWellFormed()) return 'Must not contain half a surrogate pair.';
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(reason)) return 'Must be one line without control characters.';
  return undefined;
}
