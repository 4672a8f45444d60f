import type { Aim } from '../report/aims.ts';
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
  /** What of it was aimed at: for the table of all scenarios. */
  readonly aims?: readonly Aim[];
  readonly pictures?: Pictures;
}

export interface Pictures {
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
  /** Measures, and returns the answer. */
  run(performance: Performance): Promise<Results>;
}

/** Of several measurements of one scenario. */
export function together(parts: readonly Results[]): Results {
  return {
    text: parts.map(({ text }) => text).join('\n\n'),
    aims: parts.flatMap(({ aims = [] }) => aims),
  };
}
