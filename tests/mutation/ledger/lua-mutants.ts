/** One small change of a script: `before`, three lines of it, becomes `after`. */
export interface LuaMutant {
  readonly before: string;
  readonly after: string;
  /** The line in the middle, and what became of it. */
  readonly line: string;
  readonly change: string;
}

/** Comments and texts stay as they are: what is in them is no code. */
const TOKEN =
  /(?<skipped>--[^\n]*|#![^\n]*|'[^']*')|[=~<>]=|[<>]|\.\.|[+-]|\b(?:and|or|not|true|false)\b ?|\b\d+(?:\.\d+)?(?:e\d+)?\b/g;

const SWAPS: Readonly<Record<string, string>> = {
  '==': '~=',
  '~=': '==',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  and: 'or ',
  or: 'and ',
  not: '',
  true: 'false ',
  false: 'true ',
};

const COMPARES = /[=~<>]=|[<>]/;

/** Every change of a script that this knows of; some do not compile. */
export function mutantsOf(script: string): LuaMutant[] {
  const lines = script.split('\n');
  return lines.flatMap((line, index) => {
    const around = (middle: readonly string[], taken = 1) =>
      [lines[index - 1] ?? '', ...middle, lines[index + taken] ?? ''].join('\n');
    const mutant = (changed: readonly string[], taken = 1): LuaMutant => ({
      before: around(lines.slice(index, index + taken), taken),
      after: around(changed, taken),
      line: line.trim(),
      change: changed.join(' ').trim() || 'dropped',
    });
    const changes = [...swapped(line), ...negated(line)].map((changed) => mutant([changed]));
    // Without a declaration nothing would run at all.
    if (!isCode(line) || /^\s*local /.test(line)) return changes;
    const statementLines = /[,=]$/.test(line) ? 2 : 1;
    return [...changes, mutant([], statementLines)];
  });
}

const isCode = (line: string) => line.trim() !== '' && !/^\s*(--|#!)/.test(line);

function swapped(line: string): string[] {
  return [...line.matchAll(TOKEN)].flatMap(({ 0: token, index, groups }) => {
    if (groups?.['skipped'] !== undefined) return [];
    const swap = /^\d/.test(token) ? String(Number(token) + 1) : SWAPS[token.trim()];
    if (swap === undefined) return [];
    return [line.slice(0, index) + swap + line.slice(index + token.length)];
  });
}

/** A condition that compares is turned round by its operator. */
function negated(line: string): string[] {
  const [, start, condition = '', rest] = /^(\s*(?:else)?if )(.*?)( then.*)$/.exec(line) ?? [];
  return condition === '' || COMPARES.test(condition) ? [] : [`${start}not (${condition})${rest}`];
}

/** Scripts share parts: the change is made wherever the same lines are. */
export function mutate(script: string, { before, after }: LuaMutant): string {
  return script.replace(before, () => after);
}
