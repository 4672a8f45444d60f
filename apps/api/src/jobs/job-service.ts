import {
  isJobId,
  type JobRate,
  type JobRecord,
  type Limits,
  type Lines,
  type Logger,
  newJobId,
  type Submissions,
} from '@conjob/shared';
import type { Redis } from 'ioredis';
import { RequestError } from '../http/request-errors.ts';
import { RefusedJobError } from '../limits/refused-job.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import type { JobSecrets } from '../secrets/job-secrets.ts';
import type { RecentWorkers } from '../workers/recent-workers.ts';
import type { Admission } from './admission.ts';
import type { Reading } from './current-spec-schema.ts';
import { findJobs, type JobFilter, type JobPage } from './job-list.ts';
import {
  bytesOf,
  type FirstOutput,
  firstOutput,
  type OutputPiece,
  type OutputRange,
  outputPieces,
  resultOutput,
} from './job-output.ts';
import { type JobView, NO_REASON, viewJob } from './job-view.ts';
import type { NewJob } from './new-job.ts';
import type { QueuedMarks } from './queued-marks.ts';
import { findWaiting } from './waiting.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly ledger: Submissions;
  readonly lines: Pick<Lines, 'position'>;
  readonly queue: JobQueue;
  readonly secrets: Pick<JobSecrets, 'seal'>;
  readonly limits: Pick<Limits, 'current'>;
  readonly workers: Pick<RecentWorkers, 'list'>;
  readonly marks: Pick<QueuedMarks, 'mark'>;
  readonly admission: Pick<Admission, 'admit'>;
  /** Told of each job that a limit refuses. */
  readonly onRefused?: (limit: string) => void;
  readonly logger: Logger;
}

export interface SubmitOptions {
  /** Of the caller's Idempotency-Key. */
  readonly keyHash?: string | undefined;
  /** Refused unless it may run at once, as far as the limit goes of jobs that run at once. */
  readonly needsPlace?: boolean;
  /** The trace that its container is told of. */
  readonly traceparent?: string | undefined;
  /** Whose it is: groups take turns. */
  readonly group?: string;
  /** Told of the id of a new job just before there is a job. */
  readonly onNew?: (id: string) => void;
  /** Aborted when nobody wants it any longer: then it is refused, if it is not on its way into Redis by then. */
  readonly signal?: AbortSignal | undefined;
}

export interface Submitted {
  readonly id: string;
  /** The Idempotency-Key was known: this is the job that it made. */
  readonly replayed: boolean;
  /** Null when it counted for no limit. */
  readonly rate: JobRate | null;
}

/** What callers can do with jobs, apart from waiting. Throws `RequestError` for what can't be. */
export class JobService {
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Stands in line until Redis can take it. */
  async submit(reading: Reading<NewJob>, options: SubmitOptions = {}): Promise<Submitted> {
    const { bytes } = reading.job;
    const { group, signal } = options;
    const entry = { group, bytes, signal };
    return this.#dependencies.admission.admit(() => this.#enter(reading, options), entry);
  }

  async #enter(reading: Reading<NewJob>, options: SubmitOptions): Promise<Submitted> {
    const newId = newJobId();
    options.onNew?.(newId);
    const { submission, accepted } = await this.#accept(newId, reading, options);
    if (accepted.outcome === 'refused') {
      this.#dependencies.onRefused?.(accepted.limit);
      throw new RefusedJobError(accepted);
    }
    if (accepted.outcome === 'conflict') {
      throw new RequestError(
        'idempotency.mismatch',
        'This Idempotency-Key was used within the last 24 hours, for another request.',
        { hint: 'Use a new key for a new job.' },
      );
    }
    const { id, rate } = accepted;
    if (accepted.outcome === 'replayed') return { id, replayed: true, rate };
    if (await this.#tryQueue('add', submission)) this.#dependencies.marks.mark(id);
    return { id, replayed: false, rate };
  }

  /** In its place among those who enter, also when it has to be read once more. */
  async #accept(id: string, first: Reading<NewJob>, options: SubmitOptions) {
    const { keyHash, needsPlace, traceparent, group } = options;
    for (let reading = first; ; reading = await reading.again()) {
      const { job, checkedBy } = reading;
      const { spec: sealed, fingerprint } = await this.#dependencies.secrets.seal(id, job);
      const spec = traceparent === undefined ? sealed : { ...sealed, traceparent };
      const idempotency = keyHash === undefined ? undefined : { keyHash, fingerprint };
      const submission = { id, spec, input: job.input, idempotency, needsPlace, group, checkedBy };
      const accepted = await this.#dependencies.ledger.accept(submission);
      if (accepted.outcome !== 'outdated') return { submission, accepted };
    }
  }

  async find(id: string): Promise<JobRecord> {
    const record = isJobId(id) ? await this.#dependencies.ledger.find(id) : null;
    return record ?? notFound();
  }

  async list(filter: JobFilter): Promise<JobPage> {
    return findJobs(this.#dependencies.ledger, filter);
  }

  /** Asks to end a job. Returns it as it is then: a running one takes a while to stop. */
  async cancel(id: string, reason = NO_REASON): Promise<JobRecord> {
    const { ledger } = this.#dependencies;
    const outcome = isJobId(id) ? await ledger.cancel(id, reason) : 'missing';
    if (outcome === 'missing') notFound();
    if (outcome === 'finished') {
      throw new RequestError('job.finished', 'The job has finished, so it can not be cancelled.');
    }
    const record = await this.find(id);
    // A worker that takes the leftover of a cancelled job finds it finished.
    if (outcome === 'cancelled') await this.#tryQueue('remove', record);
    return record;
  }

  async remove(id: string): Promise<void> {
    const outcome = isJobId(id) ? await this.#dependencies.ledger.remove(id) : 'missing';
    if (outcome === 'missing') notFound();
    if (outcome === 'unfinished') {
      throw new RequestError('job.unfinished', 'Only a finished job can be deleted.', {
        hint: 'Cancel it first.',
      });
    }
  }

  output(record: JobRecord, range?: OutputRange): AsyncGenerator<Buffer> {
    return bytesOf(outputPieces(this.#dependencies.redis, record, range));
  }

  /** For {@link resultOutput}: see there what it is good for. */
  firstOutput(id: string): FirstOutput {
    return firstOutput(this.#dependencies.redis, id);
  }

  resultOutput(record: JobRecord, first?: FirstOutput): AsyncGenerator<OutputPiece> {
    return resultOutput(this.#dependencies.redis, record, first);
  }

  /** The job with null for its output, which is never in memory as a whole. */
  async view(record: JobRecord): Promise<JobView> {
    const [waiting = null] = await findWaiting(this.#dependencies, [record]);
    return viewJob(record, { output: null, waiting });
  }

  async viewWithoutOutput(records: readonly JobRecord[]): Promise<JobView[]> {
    const waiting = await findWaiting(this.#dependencies, records);
    return records.map((record, index) => viewJob(record, { waiting: waiting[index] ?? null }));
  }

  async #tryQueue(
    action: 'add' | 'remove',
    {
      id,
      spec,
      attempts = [],
    }: Pick<JobRecord, 'id' | 'spec'> & Partial<Pick<JobRecord, 'attempts'>>,
  ): Promise<boolean> {
    try {
      await this.#dependencies.queue[action](id, spec, attempts.length);
      return true;
    } catch (error) {
      this.#dependencies.logger.warn(
        { err: error, job: id, action },
        'the queue could not be changed',
      );
      return false;
    }
  }
}

function notFound(): never {
  throw new RequestError('job.not_found', 'There is no such job, or it is no longer kept.');
}
