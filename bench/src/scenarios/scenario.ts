import type { Stage } from '../stage/stage.ts';

export interface Performance {
  readonly stage: Stage;
  readonly rounds: number;
  /** In a form that takes a fraction of the time: to see that it works, not for figures. */
  readonly quick: boolean;
  /** Aborts when whoever started this has had enough. */
  readonly signal: AbortSignal;
  /** Says how far it is. */
  readonly say: (line: string) => void;
}

/** What was measured. */
export interface Results {
  /** Tables and sentences in Markdown. */
  readonly text: string;
  /** A picture and a sentence for the README, whose paths begin at its folder. */
  readonly readme: string;
  /** The figures that the plots are drawn from. */
  readonly data: unknown;
  /** SVG by name. */
  readonly plots: Readonly<Record<string, string>>;
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
  /** Measures, and returns the answer: text only, where there is nothing to draw. */
  run(performance: Performance): Promise<string | Results>;
}
