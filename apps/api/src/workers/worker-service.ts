import type { WorkerInfo, Workers } from '@conjob/shared';
import { RequestError } from '../http/request-errors.ts';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/;

/** What operators can do with workers. Throws `RequestError` for a worker that is not known. */
export class WorkerService {
  readonly #workers: Workers;

  constructor(workers: Workers) {
    this.#workers = workers;
  }

  list(): Promise<WorkerInfo[]> {
    return this.#workers.list();
  }

  async find(name: string): Promise<WorkerInfo> {
    const worker = NAME.test(name) ? await this.#workers.find(name) : null;
    if (worker !== null) return worker;
    throw new RequestError('worker.not_found', 'No worker of this name has been seen lately.', {
      hint: 'GET /workers lists them.',
    });
  }

  async drain(name: string, reason: string): Promise<void> {
    await this.find(name);
    await this.#workers.drain(name, reason);
  }

  async resume(name: string): Promise<void> {
    await this.find(name);
    await this.#workers.resume(name);
  }
}

/** Whether nothing of a worker runs any more, and nothing will, as it knows of the drain itself. */
export function isDrained({ state, reported, running }: WorkerInfo): boolean {
  return state === 'lost' || (reported !== 'ready' && running === 0);
}

/** Whether a worker knows that it may take jobs again. */
export function hasResumed({ state, reported }: WorkerInfo): boolean {
  return state === 'lost' || reported !== 'draining';
}
