import type { JobRecord, Logger, Submissions } from '@conjob/shared';
import type { JobEvents } from './job-events.ts';

/** What ends a wait before the job has ended. */
type EarlyEnd = 'elapsed' | 'closing' | 'disconnected';

export interface Wait {
  /** `missing`: the job is no longer kept. `closing`: this process shuts down. */
  readonly end: 'finished' | 'missing' | EarlyEnd;
  /** The job as it was last seen; null when it is missing or could not be read at all. */
  readonly record: JobRecord | null;
}

export interface WaitOptions {
  /** Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** Aborted when the client leaves. */
  readonly signal?: AbortSignal | undefined;
}

interface Dependencies {
  readonly ledger: Pick<Submissions, 'find' | 'states'>;
  readonly events: Pick<JobEvents, 'subscribe'>;
  readonly logger: Logger;
  readonly safetyPollMs?: number;
}

const SAFETY_POLL_MS = 2000;

/**
 * Waits for jobs to finish, any number at once. A wait subscribes, then reads the job, then sleeps
 * until it is told to read again: by an event, or by the safety poll, which looks at the states of
 * all jobs that have been waited for longer than two seconds. A lost event thus costs two seconds.
 * While Redis is away waits go on.
 */
export class JobWaits {
  readonly #dependencies: Dependencies;
  readonly #pollMs: number;
  readonly #waiters = new Set<Waiter>();
  #poll: NodeJS.Timeout | undefined;
  #polling = false;
  #closing = false;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
    this.#pollMs = dependencies.safetyPollMs ?? SAFETY_POLL_MS;
  }

  get size(): number {
    return this.#waiters.size;
  }

  async untilFinished(id: string, { timeoutMs, signal }: WaitOptions = {}): Promise<Wait> {
    const waiter = new Waiter(id);
    const unsubscribe = this.#dependencies.events.subscribe(id, (state) => {
      if (state === 'finished') waiter.look();
    });
    const timer = timeoutMs ? setTimeout(() => waiter.end('elapsed'), timeoutMs) : undefined;
    if (timeoutMs === 0) waiter.end('elapsed');
    const leave = () => waiter.end('disconnected');
    signal?.addEventListener('abort', leave, { once: true });
    if (signal?.aborted) leave();
    this.#add(waiter);
    try {
      return await this.#follow(waiter);
    } finally {
      this.#delete(waiter);
      signal?.removeEventListener('abort', leave);
      clearTimeout(timer);
      unsubscribe();
    }
  }

  /** Ends every wait, now and from now on, with `closing`. */
  close(): void {
    this.#closing = true;
    for (const waiter of this.#waiters) waiter.end('closing');
  }

  async #follow(waiter: Waiter): Promise<Wait> {
    let record: JobRecord | null = null;
    for (;;) {
      // The last look comes after the end of the wait: what it finds is as new as can be.
      const end = waiter.ended;
      const found = await this.#read(waiter.id);
      if (found === null) return { end: 'missing', record: null };
      record = found ?? record;
      if (record?.state === 'finished') return { end: 'finished', record };
      if (end !== undefined) return { end, record };
      await waiter.woken();
      if (waiter.ended === 'disconnected') return { end: waiter.ended, record };
    }
  }

  /** Undefined when Redis is away. */
  async #read(id: string): Promise<JobRecord | null | undefined> {
    try {
      return await this.#dependencies.ledger.find(id);
    } catch (error) {
      this.#dependencies.logger.debug({ err: error, job: id }, 'a wait goes on without Redis');
      return undefined;
    }
  }

  #add(waiter: Waiter): void {
    this.#waiters.add(waiter);
    if (this.#closing) waiter.end('closing');
    this.#poll ??= setInterval(() => void this.#pollStates(), this.#pollMs);
  }

  #delete(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size > 0) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  async #pollStates(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    const oldest = performance.now() - this.#pollMs;
    const waiters = [...this.#waiters].filter(({ since }) => since <= oldest);
    try {
      const ids = [...new Set(waiters.map(({ id }) => id))];
      const states = ids.length === 0 ? [] : await this.#dependencies.ledger.states(ids);
      const ended = new Set(
        ids.filter((_, index) => states[index] === 'finished' || states[index] === null),
      );
      for (const waiter of waiters) if (ended.has(waiter.id)) waiter.look();
    } catch (error) {
      this.#dependencies.logger.debug({ err: error }, 'waits go on without Redis');
    } finally {
      this.#polling = false;
    }
  }
}

/** One wait: remembers what woke it while it was looking elsewhere. */
class Waiter {
  readonly id: string;
  readonly since = performance.now();
  /** What ended it first. */
  ended: EarlyEnd | undefined;
  #told = false;
  #resume: (() => void) | undefined;

  constructor(id: string) {
    this.id = id;
  }

  end(cause: EarlyEnd): void {
    this.ended ??= cause;
    this.#resume?.();
  }

  /** There may be something to see. */
  look(): void {
    this.#told = true;
    this.#resume?.();
  }

  async woken(): Promise<void> {
    if (!this.#told && this.ended === undefined) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    }
    this.#told = false;
  }
}
