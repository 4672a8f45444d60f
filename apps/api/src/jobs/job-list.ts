import {
  type Conclusion,
  canonicalImage,
  type ImageReference,
  imageRepository,
  type JobRecord,
  type JobState,
  parseImageReference,
  type Submissions,
} from '@conjob/shared';

export interface JobFilter {
  readonly state?: JobState | undefined;
  readonly conclusion?: Conclusion | undefined;
  readonly image?: ImageFilter | undefined;
  readonly group?: string | undefined;
  /** Every one of them must be there. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly limit: number;
  /** Only jobs older than the one with this id. */
  readonly before?: string | undefined;
}

export interface JobPage {
  readonly jobs: readonly JobRecord[];
  /** Where the next page starts; undefined after the last job. */
  readonly next: string | undefined;
}

type Ledger = Pick<Submissions, 'list' | 'findAll'>;

const BATCH = 50;
/** A request looks at no more jobs than this; its page may then be short, or empty, but has a next. */
const MAX_LOOKED_AT = 1000;

/** A page of the jobs that match, newest first. Jobs that are added meanwhile change no later page. */
export async function findJobs(ledger: Ledger, filter: JobFilter): Promise<JobPage> {
  const jobs: JobRecord[] = [];
  let before = filter.before;
  for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; lookedAt += BATCH) {
    const ids = await ledger.list(BATCH, before);
    for (const record of await ledger.findAll(ids)) {
      if (!matches(record, filter)) continue;
      if (jobs.length === filter.limit) return { jobs, next: jobs.at(-1)?.id };
      jobs.push(record);
    }
    before = ids.at(-1);
    if (ids.length < BATCH) return { jobs, next: undefined };
  }
  return { jobs, next: before };
}

function matches({ spec, group, state, result }: JobRecord, filter: JobFilter): boolean {
  return (
    (filter.state === undefined || state === filter.state) &&
    (filter.conclusion === undefined || result?.conclusion === filter.conclusion) &&
    (filter.image === undefined || filter.image.matches(spec.image)) &&
    (filter.group === undefined || group === filter.group) &&
    filter.labels.every(([name, value]) => spec.labels[name] === value)
  );
}

/** Finds an image however it was spelled; without tag and digest, every tag of the repository. */
export class ImageFilter {
  readonly #wanted: string;
  readonly #form: (reference: ImageReference) => string;

  /** Throws `InvalidImageReferenceError`. */
  constructor(text: string) {
    const reference = parseImageReference(text);
    const lastPart = text.slice(text.lastIndexOf('/') + 1);
    this.#form = /[:@]/.test(lastPart) ? canonicalImage : imageRepository;
    this.#wanted = this.#form(reference);
  }

  matches(image: string): boolean {
    return this.#form(parseImageReference(image)) === this.#wanted;
  }
}
