import type { Stage } from '../stage/stage.ts';

export interface Performance {
  readonly stage: Stage;
  readonly rounds: number;
  /** Aborts when whoever started this has had enough. */
  readonly signal: AbortSignal;
  /** Says how far it is. */
  readonly say: (line: string) => void;
}

/** One question about the speed of ConJob. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** How it is measured, and what would be good: for the page. */
  readonly method: string;
  readonly rounds: number;
  /** In `docs/`, where its results are written; default `performance.md`. */
  readonly page?: string;
  /** Measures, and returns the answer: tables and sentences in Markdown. */
  run(performance: Performance): Promise<string>;
}
