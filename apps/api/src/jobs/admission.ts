import { RequestError } from '../http/request-errors.ts';

/** So many new jobs are on their way into Redis at a time. A Redis 20 ms away takes 3,000 of them in a second. */
const AT_ONCE = 128;
/** Whoever would stand behind one that has stood in line for so long is refused. */
const PATIENCE_MS = 5000;

interface InLine {
  readonly since: number;
  readonly enter: () => void;
  readonly refuse: (error: Error) => void;
}

export interface AdmissionOptions {
  readonly atOnce?: number;
  readonly patienceMs?: number;
  /** Told of each one that is refused. */
  readonly onRefused?: () => void;
}

/**
 * Lets new jobs into Redis, some at a time, the others in the order in which they came. Redis reads from each of its
 * connections in turn, and little at a time: beside thousands of busy workers, all that one API has to say would stand there for
 * longer than a command may take, the tickets of jobs that are accepted already and the reads of those that have ended among it.
 * Here new jobs can stand instead; when they come faster than they get in for too long, those who come are told so at once.
 */
export class Admission {
  readonly #atOnce: number;
  readonly #patienceMs: number;
  readonly #onRefused: () => void;
  /** First the one that came first. */
  readonly #line = new Set<InLine>();
  #inside = 0;

  constructor({
    atOnce = AT_ONCE,
    patienceMs = PATIENCE_MS,
    onRefused = () => {},
  }: AdmissionOptions = {}) {
    this.#atOnce = atOnce;
    this.#patienceMs = patienceMs;
    this.#onRefused = onRefused;
  }

  /** Returns, or throws, what `act` does once it may begin. Throws `redis.busy`, at once, when the first in line has stood there for too long. */
  async admit<T>(act: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await act();
    } finally {
      this.#leave();
    }
  }

  /** Refuses all who stand in line: no job was made of them, and another API may have more time. */
  close(): void {
    for (const { refuse } of this.#line) refuse(redisBusy());
    this.#line.clear();
  }

  async #enter(): Promise<void> {
    if (this.#inside < this.#atOnce) {
      this.#inside += 1;
      return;
    }
    const now = performance.now();
    const [first] = this.#line;
    if (first !== undefined && now - first.since >= this.#patienceMs) {
      this.#onRefused();
      throw redisBusy();
    }
    await new Promise<void>((enter, refuse) => this.#line.add({ since: now, enter, refuse }));
  }

  /** Gives the place to the next one, who is inside from now on. */
  #leave(): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#inside -= 1;
      return;
    }
    this.#line.delete(next);
    next.enter();
  }
}

function redisBusy(): RequestError {
  return new RequestError(
    'redis.busy',
    'Redis, which keeps all jobs, does not keep up with new ones.',
    {
      hint: 'This request made no job: try again shortly, with its Idempotency-Key if it had one.',
      headers: { 'Retry-After': '1' },
    },
  );
}
