import {
  CONCLUSIONS,
  endOf,
  isBesideAnExit,
  isRetryCause,
  JOB_ERRORS,
  type JobErrorCode,
} from '@conjob/shared';
import { REQUEST_ERRORS } from '../http/request-error-catalogue.ts';

/** Codes of one kind, and what there is to say of each. Texts may have `code` in them. */
export interface ErrorTable {
  readonly title: string;
  readonly about: string;
  /** Of the first column, the code, and of `cells`. */
  readonly columns: readonly string[];
  readonly rows: readonly { readonly code: string; readonly cells: readonly string[] }[];
}

/** Every error that there is, as the catalogues have it. */
export const ERROR_TABLES: readonly ErrorTable[] = [
  {
    title: 'Of a request',
    about:
      'A request that can not be done is answered with `application/problem+json` (RFC 9457): `type` leads to the line of its `code` here. No job was made.',
    columns: ['code', 'status', 'means', 'what the caller can do', 'send it again?'],
    rows: Object.entries(REQUEST_ERRORS).map(([code, { status, title, remedy }]) => ({
      code,
      cells: [String(status), title, remedy, sentAgain(status)],
    })),
  },
  {
    title: 'Of a job',
    about:
      '`error` of a job that did not simply run to its end: `{code, message, hint}`. The message may hold what the engine or the registry said.',
    columns: ['code', 'conclusion (status)', 'message', 'hint', 'can `retry` name it?'],
    rows: Object.entries(JOB_ERRORS).map(([code, { message, hint }]) => ({
      code,
      cells: [end(code as JobErrorCode), message, hint ?? '', isRetryCause(code) ? 'yes' : 'no'],
    })),
  },
];

/** How a job with the error ends, as whoever waits for it is answered. */
function end(code: JobErrorCode): string {
  if (isBesideAnExit(code)) return 'by the exit code';
  const { conclusion, exitCode } = endOf(code);
  const ended = `\`${conclusion}\` (${CONCLUSIONS[conclusion].status})`;
  return exitCode === -1 ? ended : `${ended}, exit code ${exitCode}`;
}

/** Whether the very same request may have another answer. */
function sentAgain(status: number): string {
  if (status === 503 || status === 429) return 'after `Retry-After`';
  return status === 408 || status === 500 ? 'yes' : 'no';
}
