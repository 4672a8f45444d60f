import { Counter, collectDefaultMetrics, Registry } from 'prom-client';

/** What this process alone knows: of itself, and of the jobs that it refused. */
export class ProcessMetrics {
  readonly #registry = new Registry();
  readonly #refused: Counter<'limit'>;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#refused = new Counter({
      name: 'conjob_jobs_refused_total',
      help: 'Jobs that this process refused, by the limit that they would have been over.',
      labelNames: ['limit'],
      registers: [this.#registry],
    });
  }

  readonly countRefused = (limit: string): void => this.#refused.inc({ limit });

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
