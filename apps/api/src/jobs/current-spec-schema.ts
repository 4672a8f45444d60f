import {
  type JobLimits,
  type JobSpecSchema,
  jobSpecSchema,
  type Limits,
  type SpecLimits,
} from '@conjob/shared';
import { RequestError } from '../http/request-errors.ts';

/** What a request asks for. */
export interface Reading<Job> {
  readonly job: Job;
  /** The limits as they were, which the ledger compares. Undefined: they were just asked for. */
  readonly checkedBy: SpecLimits | undefined;
  /** By the limits as they are now. Throws `RequestError` when it is wrong by those. */
  readonly again: () => Promise<Reading<Job>>;
}

/** The schema of a job spec by the limits as they are at the moment. */
export class CurrentSpecSchema {
  readonly #limits: Pick<Limits, 'current'>;
  readonly #others: JobLimits;
  #made: { readonly limits: SpecLimits; readonly schema: JobSpecSchema } | undefined;

  constructor(limits: Pick<Limits, 'current'>, others: JobLimits) {
    this.#limits = limits;
    this.#others = others;
  }

  /** Asks for the limits each time. */
  async current(): Promise<JobSpecSchema> {
    const { maxTimeoutSeconds, maxKillTimeoutSeconds } = await this.#limits.current();
    const limits = { maxTimeoutSeconds, maxKillTimeoutSeconds };
    if (this.#made === undefined || !areSame(this.#made.limits, limits)) {
      this.#made = { limits, schema: jobSpecSchema({ ...this.#others, ...limits }) };
    }
    return this.#made.schema;
  }

  /**
   * Reads a request. Whatever an operator sets holds for the next request, to any process: but mostly he sets nothing, so a
   * request is read by the limits as they were, and the ledger says when they are others.
   * Only then, or when it seems to be wrong, they are asked for, and it is read once more.
   */
  async read<Job>(read: (schema: JobSpecSchema) => Job): Promise<Reading<Job>> {
    const again = async () => {
      return { job: read(await this.current()), checkedBy: undefined, again };
    };
    const made = this.#made;
    const job = made && readIfRight(() => read(made.schema));
    return job === undefined ? again() : { job, checkedBy: made?.limits, again };
  }
}

function areSame(a: SpecLimits, b: SpecLimits): boolean {
  return (
    a.maxTimeoutSeconds === b.maxTimeoutSeconds &&
    a.maxKillTimeoutSeconds === b.maxKillTimeoutSeconds
  );
}

/** Undefined when it is wrong by this schema. */
function readIfRight<Job>(read: () => Job): Job | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RequestError) return undefined;
    throw error;
  }
}
