import { type Acceptance, CONCLUSIONS, type LimitName } from '@conjob/shared';
import type { Response } from 'express';
import { prefersJson } from '../http/accept.ts';
import type { RequestErrorCode } from '../http/request-error-catalogue.ts';
import { RequestError } from '../http/request-errors.ts';
import { configKey } from './config-keys.ts';
import { rateLimitFields } from './rate-limit-fields.ts';

type Refusing = Exclude<LimitName, 'maxTimeoutSeconds' | 'maxKillTimeoutSeconds'>;
type Refusal = Extract<Acceptance, { outcome: 'refused' }>;

interface Reason {
  readonly code: RequestErrorCode;
  readonly says: (allowed: number) => string;
  /** When a place may be free: in a second at the latest, or when others have ended. */
  readonly retryAfterSeconds: number;
}

const REASONS: Record<Refusing, Reason> = {
  maxGlobalRequestsPerSecond: {
    code: 'limit.requests',
    says: (allowed) => `No more than ${allowed} new jobs are accepted within a second.`,
    retryAfterSeconds: 1,
  },
  maxConcurrentRuns: {
    code: 'limit.concurrent_runs',
    says: (allowed) => `No more than ${allowed} jobs may run at once.`,
    retryAfterSeconds: 2,
  },
  maxQueuedJobs: {
    code: 'queue.full',
    says: (allowed) => `No more than ${allowed} jobs may wait.`,
    retryAfterSeconds: 5,
  },
};

/** A job that was not accepted, since that would be over a limit. There is no trace of it. */
export class RefusedJobError extends RequestError {
  constructor({ limit, allowed, rate }: Refusal) {
    // The others are limits of a job's own time: no job is refused by them here.
    const { code, says, retryAfterSeconds } = REASONS[limit as Refusing];
    super(code, says(allowed), {
      hint: `Try again later. An operator can change ${configKey(limit)}.`,
      headers: { 'Retry-After': String(retryAfterSeconds), ...rateLimitFields(rate) },
      isRefusal: true,
    });
  }
}

/** The answer of `/job/run`, in the shape of all its answers: as of a job that was rejected. */
export function answerRejected(res: Response, error: RefusedJobError): void {
  const { status, message } = CONCLUSIONS.REJECTED;
  const exitCode = -1;
  const { code, message: detail, hint = null } = error;
  res.status(status).set(error.headers);
  res.set({
    'Conjob-Conclusion': 'REJECTED',
    'Conjob-Exit-Code': String(exitCode),
    'Conjob-Error': code,
  });
  if (prefersJson(res.req.get('accept'))) {
    const reason = { code, message: detail, hint };
    const facts = { id: null, conclusion: 'REJECTED', output: '', exitCode, message };
    res.json({ ...facts, error: reason });
  } else res.type('text/plain').send(`${message} ${code}: ${detail} ${hint}\n`);
}
