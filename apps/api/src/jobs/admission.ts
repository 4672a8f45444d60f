import { RequestError } from '../http/request-errors.ts';

/** So much input goes with them, or that of one job. A command must not stand behind more than Redis reads within its time. */
const BYTES_AT_ONCE = 16 * 1024 * 1024;
/** Whoever would stand behind one that has stood in line for so long is refused. */
const PATIENCE_MS = 5000;
/** Whoever has stood so long is refused: callers seldom have more time than that. */
const LONGEST_MS = 30_000;

export interface AdmissionOptions {
  /** So many new jobs are on their way into Redis at a time. By 128, a Redis 20 ms away takes 3,000 of them in a second. */
  readonly atOnce: number;
  readonly bytesAtOnce?: number;
  readonly patienceMs?: number;
  readonly longestMs?: number;
  /** Told of each one that is refused since it would stand, or has stood, for too long. */
  readonly onRefused?: () => void;
}

export interface Entry {
  /** Of its input. */
  readonly bytes?: number;
  /** Aborted when nobody wants it any longer. */
  readonly signal?: AbortSignal | undefined;
}

interface InLine {
  readonly since: number;
  readonly bytes: number;
  readonly enter: () => void;
  readonly refuse: () => void;
}

/**
 * Lets new jobs into Redis, some at a time, the others in the order in which they came. Redis reads from each of its
 * connections in turn, and little at a time: beside thousands of busy workers, all that one API has to say would stand there for
 * longer than a command may take, the tickets of jobs that are accepted already and the reads of those that have ended among it.
 * Here new jobs can stand instead; when they come faster than they get in for too long, those who come are told so at once.
 */
export class Admission {
  readonly #limits: Required<Omit<AdmissionOptions, 'onRefused'>>;
  readonly #onRefused: (() => void) | undefined;
  /** First the one that came first. */
  readonly #line = new Set<InLine>();
  #inside = 0;
  #bytesInside = 0;
  #isClosed = false;

  constructor({ onRefused, ...limits }: AdmissionOptions) {
    this.#onRefused = onRefused;
    this.#limits = {
      bytesAtOnce: BYTES_AT_ONCE,
      patienceMs: PATIENCE_MS,
      longestMs: LONGEST_MS,
      ...limits,
    };
  }

  /** How many stand in line. */
  get waiting(): number {
    return this.#line.size;
  }

  /**
   * Returns, or throws, what `act` does once it may begin. Throws `redis.busy` instead: at once when the first in line has
   * stood there for too long, later when this one has, or `signal` aborts, or this is closed.
   */
  async admit<T>(act: () => Promise<T>, { bytes = 0, signal }: Entry = {}): Promise<T> {
    if (this.#line.size === 0 && this.#hasRoom(bytes)) this.#occupy(bytes);
    else await this.#stand(bytes, signal);
    try {
      return await act();
    } finally {
      this.#inside -= 1;
      this.#bytesInside -= bytes;
      this.#letIn();
    }
  }

  /** Refuses who stands in line, now and from now on: no job was made of it, and another API may have more time. */
  close(): void {
    this.#isClosed = true;
    for (const { refuse } of this.#line) refuse();
    this.#line.clear();
  }

  async #stand(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const since = performance.now();
    const [first] = this.#line;
    if (first !== undefined && since - first.since >= this.#limits.patienceMs) {
      this.#onRefused?.();
      throw redisBusy();
    }
    if (this.#isClosed || signal?.aborted) throw redisBusy();
    const { promise, resolve: enter, reject } = Promise.withResolvers<void>();
    const one = { since, bytes, enter, refuse: () => reject(redisBusy()) };
    const leave = () => {
      one.refuse();
      this.#line.delete(one);
      // The next one may be smaller.
      this.#letIn();
    };
    this.#line.add(one);
    signal?.addEventListener('abort', leave, { once: true });
    await promise.finally(() => signal?.removeEventListener('abort', leave));
  }

  /** As many as there is room for. Each of them is inside from now on. */
  #letIn(): void {
    const now = performance.now();
    for (const one of this.#line) {
      const isTooLate = now - one.since >= this.#limits.longestMs;
      if (!isTooLate && !this.#hasRoom(one.bytes)) return;
      this.#line.delete(one);
      if (isTooLate) {
        this.#onRefused?.();
        one.refuse();
      } else {
        this.#occupy(one.bytes);
        one.enter();
      }
    }
  }

  #hasRoom(bytes: number): boolean {
    if (this.#inside === 0) return true;
    const { atOnce, bytesAtOnce } = this.#limits;
    return this.#inside < atOnce && this.#bytesInside + bytes <= bytesAtOnce;
  }

  #occupy(bytes: number): void {
    this.#inside += 1;
    this.#bytesInside += bytes;
  }
}

function redisBusy(): RequestError {
  return new RequestError(
    'redis.busy',
    'Redis, which keeps all jobs, does not keep up with new ones.',
    {
      hint: 'This request made no job: try again shortly, with its Idempotency-Key if it had one.',
      headers: { 'Retry-After': '1' },
      isRefusal: true,
    },
  );
}
