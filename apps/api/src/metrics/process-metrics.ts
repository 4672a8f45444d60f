import { Counter, collectDefaultMetrics, Registry } from 'prom-client';

/** What this process alone knows: of itself, and of the jobs that it refused. */
export class ProcessMetrics {
  readonly #registry = new Registry();
  readonly #refused: Counter<'limit'>;
  #isWatched = false;

  constructor() {
    this.#refused = new Counter({
      name: 'conjob_jobs_refused_total',
      help: 'Jobs that this process refused, by the limit that they would have been over, or redis, which was busy.',
      labelNames: ['limit'],
      registers: [this.#registry],
    });
  }

  readonly countRefused = (limit: string): void => this.#refused.inc({ limit });

  /** From the first time on it watches the event loop: that wakes the process up a hundred times a second, also when it has nothing to do. */
  text(): Promise<string> {
    if (!this.#isWatched) collectDefaultMetrics({ register: this.#registry });
    this.#isWatched = true;
    return this.#registry.metrics();
  }
}
