import { RequestError } from '../http/request-errors.ts';
import { Turns } from './turns.ts';

/** So much goes with them, or one that is larger. A command must not stand behind more than Redis reads within its time. */
const BYTES_AT_ONCE = 16 * 1024 * 1024;
/** So much is kept of those in line. */
const BYTES_IN_LINE = 256 * 1024 * 1024;
/** Whoever would stand behind one of its group that has stood in line for so long is refused. */
const PATIENCE_MS = 5000;
/** Whoever has stood so long is refused: callers seldom have more time than that. */
const LONGEST_MS = 30_000;

export interface AdmissionOptions {
  /** So many new jobs are on their way into Redis at a time. By 128, a Redis 20 ms away takes 3,000 of them in a second. */
  readonly atOnce: number;
  readonly bytesAtOnce?: number;
  readonly bytesInLine?: number;
  readonly patienceMs?: number;
  readonly longestMs?: number;
  /** Told of each one that is refused, unless it was not wanted any longer. */
  readonly onRefused?: () => void;
}

export interface Entry {
  /** Whose it is. */
  readonly group?: string | undefined;
  /** Of all that goes into Redis. */
  readonly bytes?: number;
  /** Aborted when nobody wants it any longer. */
  readonly signal?: AbortSignal | undefined;
}

interface InLine {
  readonly group: string;
  readonly bytes: number;
  readonly since: number;
  readonly enter: () => void;
  readonly refuse: (error: RequestError) => void;
}

/**
 * Lets new jobs into Redis, some at a time. Redis reads from each of its connections in turn, and little at a time: beside
 * thousands of busy workers, all that one API has to say would stand there for longer than a command may take, the tickets of
 * jobs that are accepted already and the reads of those that have ended among it. Here new jobs can stand instead, in turns of
 * their groups; when those of a group come faster than they get in for too long, the next ones are told so at once.
 */
export class Admission {
  readonly #limits: Required<Omit<AdmissionOptions, 'onRefused'>>;
  readonly #onRefused: (() => void) | undefined;
  readonly #line = new Turns<InLine>();
  #bytesInLine = 0;
  #inside = 0;
  #bytesInside = 0;
  #isClosed = false;

  constructor({ onRefused, ...limits }: AdmissionOptions) {
    this.#onRefused = onRefused;
    this.#limits = {
      bytesAtOnce: BYTES_AT_ONCE,
      bytesInLine: BYTES_IN_LINE,
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
   * Returns, or throws, what `act` does once it may begin. Throws `redis.busy` instead: at once when the first in line of its group
   * has stood there for too long, or the line is full; later when this one has stood for too long, or `signal` aborts, or this is closed.
   */
  async admit<T>(act: () => Promise<T>, { group = '', bytes = 0, signal }: Entry = {}): Promise<T> {
    if (signal?.aborted) throw notWanted();
    if (this.#line.size === 0 && this.#hasRoom(bytes)) this.#occupy(bytes);
    else await this.#stand(group, bytes, signal);
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
    this.#bytesInLine = 0;
    for (const { refuse } of this.#line.clear()) refuse(this.#refusal(SHUTS_DOWN));
  }

  async #stand(group: string, bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const since = performance.now();
    if (this.#isClosed) throw this.#refusal(SHUTS_DOWN);
    const first = this.#line.firstOf(group);
    const isTooLong = first !== undefined && since - first.since >= this.#limits.patienceMs;
    if (isTooLong || this.#isFull(bytes)) throw this.#refusal(BUSY);
    const { promise, resolve: enter, reject: refuse } = Promise.withResolvers<void>();
    const one = { group, bytes, since, enter, refuse };
    const leave = () => {
      if (!this.#line.delete(one)) return;
      this.#bytesInLine -= bytes;
      refuse(notWanted());
      // The next one may be smaller.
      this.#letIn();
    };
    this.#bytesInLine += bytes;
    this.#line.add(one);
    signal?.addEventListener('abort', leave, { once: true });
    await promise.finally(() => signal?.removeEventListener('abort', leave));
  }

  /** As many as there is room for. Each of them is inside from now on. */
  #letIn(): void {
    const now = performance.now();
    for (let one = this.#line.next; one !== undefined; one = this.#line.next) {
      const isTooLate = now - one.since >= this.#limits.longestMs;
      if (!isTooLate && !this.#hasRoom(one.bytes)) return;
      this.#bytesInLine -= one.bytes;
      if (isTooLate) {
        this.#line.delete(one);
        one.refuse(this.#refusal(BUSY));
      } else {
        this.#line.take(one);
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

  #isFull(bytes: number): boolean {
    return this.#line.size > 0 && this.#bytesInLine + bytes > this.#limits.bytesInLine;
  }

  #occupy(bytes: number): void {
    this.#inside += 1;
    this.#bytesInside += bytes;
  }

  #refusal(detail: string): RequestError {
    this.#onRefused?.();
    return redisBusy(detail);
  }
}

const BUSY = 'Redis, which keeps all jobs, does not keep up with new ones.';
const SHUTS_DOWN = 'This API shuts down, and Redis had not yet taken this job.';

/** Read by nobody, mostly: who would is gone. */
function notWanted(): RequestError {
  return redisBusy('Redis had not yet taken this job when its client left.');
}

function redisBusy(detail: string): RequestError {
  return new RequestError('redis.busy', detail, {
    hint: 'This request made no job: try again shortly, with its Idempotency-Key if it had one.',
    headers: { 'Retry-After': '1' },
    isRefusal: true,
  });
}
