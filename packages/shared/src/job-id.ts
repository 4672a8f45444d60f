import { ulid } from 'ulid';

/** `j_` and a ULID: sorts by time, can't be guessed, no colon (BullMQ forbids it). */
const JOB_ID = /^j_[0-9A-HJKMNP-TV-Z]{26}$/;

export function newJobId(): string {
  return `j_${ulid()}`;
}

export function isJobId(text: string): boolean {
  return JOB_ID.test(text);
}
