import type { JobRecord, Logger, Submissions } from '@conjob/shared';
import type { JobEvents } from './job-events.ts';

/** What ends a wait before the job has ended. */
type EarlyEnd = 'elapsed' | 'closing' | 'disconnected';

export interface Wait {
  /** `missing`: the job is no longer kept. `closing`: this process shuts down. */
  readonly end: 'finished' | 'missing' | EarlyEnd;
  /** The job as it is then; null when it is missing, could not be read, or nobody is there to be told. */
  readonly record: JobRecord | null;
}

export interface WaitOptions {
  /** Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** Aborted when the client leaves. */
  readonly signal?: AbortSignal | undefined;
  /** For a job that was expected. */
  readonly expected?: ExpectedJob | undefined;
  /** Called when its record has been asked for, since it may have finished: what it asks of Redis comes with that. */
  readonly alongside?: (() => void) | undefined;
}

/** A job of which is heard since before it was accepted. */
export interface ExpectedJob {
  readonly hasFinished: boolean;
  readonly forget: () => void;
}

interface Dependencies {
  readonly ledger: Pick<Submissions, 'find' | 'isUnfinished' | 'endedOf'>;
  readonly events: Pick<JobEvents, 'subscribe'>;
  readonly logger: Logger;
  readonly safetyPollMs?: number;
}

const SAFETY_POLL_MS = 2000;

/**
 * Waits for jobs to finish, any number at once. A wait subscribes, then looks whether the job goes on, unless the job was
 * expected, then sleeps until it is told to read it: by an event, or by the safety poll, which asks for all jobs that have been waited
 * for longer than two seconds which of them have ended. A lost event thus costs two seconds.
 * While Redis is away waits go on. Of a job that goes on nothing is kept here: thousands may be waited for.
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

  /** Begins to hear of a job before anybody can know of it. What is expected has to be waited for, or forgotten. */
  expect(id: string): ExpectedJob {
    const { events } = this.#dependencies;
    const expected = {
      hasFinished: false,
      forget: events.subscribe(id, (state) => {
        if (state === 'finished') expected.hasFinished = true;
      }),
    };
    return expected;
  }

  async untilFinished(id: string, options: WaitOptions = {}): Promise<Wait> {
    const { timeoutMs, signal, expected } = options;
    const waiter = new Waiter(id);
    const unsubscribe = this.#dependencies.events.subscribe(id, (state) => {
      if (state === 'finished') waiter.look();
    });
    expected?.forget();
    if (expected?.hasFinished) waiter.look();
    const leave = () => waiter.end('disconnected');
    signal?.addEventListener('abort', leave, { once: true });
    // Before the time: with `onDisconnect=cancel` it counts that the client has left, however short it wanted to wait.
    if (signal?.aborted) leave();
    const timer = timeoutMs ? setTimeout(() => waiter.end('elapsed'), timeoutMs) : undefined;
    if (timeoutMs === 0) waiter.end('elapsed');
    this.#add(waiter);
    try {
      return await this.#follow(waiter, options);
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

  async #follow(waiter: Waiter, { expected, alongside }: WaitOptions): Promise<Wait> {
    const mayGoOn = waiter.ended === undefined;
    const goesOn = mayGoOn && (expected !== undefined || (await this.#goesOn(waiter.id)));
    if (goesOn) await waiter.woken();
    for (;;) {
      // The last look comes after the end of the wait: what it finds is as new as can be.
      const end = waiter.ended;
      if (end === 'disconnected') return { end, record: null };
      const reading = this.#read(waiter.id);
      if (end === undefined) alongside?.();
      const record = await reading;
      if (record === null) return { end: 'missing', record };
      if (record?.state === 'finished') return { end: 'finished', record };
      if (end !== undefined) return { end, record: record ?? null };
      await waiter.woken();
    }
  }

  /** As far as can be seen: without Redis the safety poll looks again. */
  async #goesOn(id: string): Promise<boolean> {
    try {
      return await this.#dependencies.ledger.isUnfinished(id);
    } catch (error) {
      this.#dependencies.logger.debug({ err: error, job: id }, 'a wait begins without Redis');
      return true;
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
    this.#poll ??= setInterval(() => void this.#pollEnds(), this.#pollMs);
  }

  #delete(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size > 0) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  async #pollEnds(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    const oldest = performance.now() - this.#pollMs;
    const waiters = [...this.#waiters].filter(({ since }) => since <= oldest);
    try {
      const ids = new Set(waiters.map(({ id }) => id));
      const ended = new Set(
        ids.size === 0 ? [] : await this.#dependencies.ledger.endedOf([...ids]),
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
