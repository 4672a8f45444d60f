import type { WorkerInfo, Workers } from '@conjob/shared';

const KEPT_MS = 500;

/**
 * The workers as they were at most half a second ago: for views of jobs, of which there may be hundreds
 * in a second.
 */
export class RecentWorkers {
  readonly #workers: Pick<Workers, 'list'>;
  #last: { readonly list: Promise<WorkerInfo[]>; readonly askedAt: number } | undefined;

  constructor(workers: Pick<Workers, 'list'>) {
    this.#workers = workers;
  }

  list(): Promise<WorkerInfo[]> {
    const now = performance.now();
    if (this.#last === undefined || now - this.#last.askedAt > KEPT_MS) {
      const list = this.#workers.list();
      this.#last = { list, askedAt: now };
      list.catch(() => {
        this.#last = undefined;
      });
    }
    return this.#last.list;
  }
}
