import { randomFillSync } from 'node:crypto';
import { ulid } from 'ulid';

/** `j_` and a ULID: sorts by time, can't be guessed, no colon (BullMQ forbids it). */
const JOB_ID = /^j_[0-9A-HJKMNP-TV-Z]{26}$/;

/** Random bytes for many ids: `ulid` would ask the system for each of its 16 characters. */
const pool = Buffer.alloc(4096);
let used = pool.length;

export function newJobId(): string {
  return `j_${ulid(undefined, random)}`;
}

/** From 0 to less than 1, unguessable. */
function random(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const byte = pool[used++] ?? 0;
  return byte / 256;
}

export function isJobId(text: string): boolean {
  return JOB_ID.test(text);
}
