import type { Random } from '../../../../packages/shared/src/testing/random.ts';

export const SCRIPT_KINDS = ['short', 'long', 'chatty', 'failing'] as const;
export type ScriptKind = (typeof SCRIPT_KINDS)[number];

/** What a container does, and what must come of it. */
export interface Script {
  readonly kind: ScriptKind;
  /** For a shell: `sh -c <program>`. */
  readonly program: string;
  /** Every byte that it prints when nobody stops it. */
  readonly output: string;
  readonly exitCode: number;
}

/** Own codes only: 125 and above mean something to engines and shells. */
const EXIT_CODES = 100;

/** A generator whose every line is known before: `<key> 1`, `<key> 2`, … */
export function lines(key: string, count: number, pauseSeconds = 0, exitCode = 0): Script {
  const pause = pauseSeconds === 0 ? '' : `; sleep ${pauseSeconds}`;
  return {
    kind: pauseSeconds > 0 ? 'long' : exitCode === 0 ? 'short' : 'failing',
    program: `for n in $(seq 1 ${count}); do echo ${key} $n${pause}; done; exit ${exitCode}`,
    output: Array.from({ length: count }, (_, index) => `${key} ${index + 1}\n`).join(''),
    exitCode,
  };
}

/** The same of a job with a secret, which it prints first. */
export function withSecret(script: Script): Script {
  const { program, output } = script;
  return { ...script, program: `echo "$SECRET"; ${program}`, output: `***\n${output}` };
}

/** Hundreds of kilobytes at once. */
function chatter(key: string, count: number): Script {
  return {
    kind: 'chatty',
    program: `echo ${key}; seq 1 ${count}`,
    output: `${key}\n${Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('')}`,
    exitCode: 0,
  };
}

export function randomScript(kind: ScriptKind, key: string, random: Random): Script {
  switch (kind) {
    case 'short':
      return lines(key, 1 + random.below(20));
    case 'long':
      return lines(key, 15 + random.below(25), 0.2, random.below(2) * random.below(EXIT_CODES));
    case 'chatty':
      return chatter(key, 10_000 + random.below(40_000));
    case 'failing':
      return lines(key, 1 + random.below(5), 0, 1 + random.below(EXIT_CODES));
  }
}
