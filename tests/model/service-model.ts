import type { Asked, ModelledJob } from './modelled-job.ts';

/** What a client knows of the whole service, by what it has asked for and been told. */
export class ServiceModel {
  /** Begins its keys: those of other histories are still known. */
  readonly name: string;
  readonly jobs: ModelledJob[] = [];
  /** Ids of jobs that were deleted. */
  readonly gone: string[] = [];
  /** What was asked for with each Idempotency-Key, and the job that came of it. */
  readonly keys = new Map<string, { readonly asked: string; readonly id: string }>();
  /** No new job is taken. */
  isFull = false;

  constructor(name: string) {
    this.name = name;
  }

  /** Any job that there is, or was, by a number; once in a while one that never was. */
  pick(number: number): { readonly id: string; readonly job: ModelledJob | undefined } {
    const nobody = 'j_00000000000000000000000000';
    const ids = [...this.jobs.map(({ id }) => id), ...this.gone, nobody];
    const id = ids[number % ids.length] ?? nobody;
    return { id, job: this.find(id) };
  }

  find(id: string): ModelledJob | undefined {
    return this.jobs.find((job) => job.id === id);
  }

  remove(job: ModelledJob): void {
    this.jobs.splice(this.jobs.indexOf(job), 1);
    this.gone.push(job.id);
  }
}

/** Equal for requests that ask for the same job, in whatever form, and whether they wait or not. */
export function sameness({ program, group }: Asked): string {
  return `${program} of ${group}`;
}
