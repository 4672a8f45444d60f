import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** What this process alone knows: of itself, and of the jobs that it refused, or may still refuse. */
export class ProcessMetrics {
  readonly #registry = new Registry();
  readonly #refused: Counter<'limit'>;
  #isWatched = false;

  constructor() {
    this.#refused = new Counter({
      name: 'conjob_jobs_refused_total',
      help: 'Jobs that this process refused, by the limit that they would have been over; redis: those with redis.busy.',
      labelNames: ['limit'],
      registers: [this.#registry],
    });
  }

  /** `inLine`: how many new jobs stand in line, asked when somebody wants to know. */
  watchLine(inLine: () => number): void {
    new Gauge({
      name: 'conjob_jobs_in_line',
      help: 'New jobs that stand in line in this process, until Redis can take them: none of them is accepted.',
      registers: [this.#registry],
      collect() {
        this.set(inLine());
      },
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
