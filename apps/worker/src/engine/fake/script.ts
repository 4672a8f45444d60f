import { EngineError } from '../engine.ts';

/** What a fake container does, one step after the other. */
export type Step =
  | { readonly kind: 'print'; readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }
  /** Standard input to standard output. */
  | { readonly kind: 'copy' }
  | { readonly kind: 'sleep'; readonly milliseconds: number }
  /** What the stop signal does from now on; without a trap it does nothing, as for any PID 1. */
  | { readonly kind: 'trap'; readonly steps: readonly Step[] }
  | { readonly kind: 'exit'; readonly code: number }
  /** Asks for memory until the kernel ends it. */
  | { readonly kind: 'devour' };

/** What a program finds. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  /** Null when there is no such file. */
  readonly read: (path: string) => Buffer | null;
}

/** Files that exist in every fake image, and can't be run. */
const NOT_EXECUTABLE = ['/etc/passwd', '/tmp'];
const LOOP = /while :; do [^;]*; done/g;

/** The steps of a command line. Throws {@link EngineError}, as a start does, for no such program. */
export function parseCommand(argv: readonly string[], found: Surroundings): Step[] {
  const [program = '', ...args] = argv;
  switch (program.replace(/^\/bin\//, '')) {
    case 'sh':
      return args[0] === '-c' ? parseShell(args[1] ?? '', found) : [{ kind: 'copy' }];
    case 'true':
    case 'nc':
    case ':':
      return [];
    case 'false':
      return [{ kind: 'exit', code: 1 }];
    case 'echo':
      return [print(`${args.join(' ')}\n`)];
    case 'seq':
      return [print(numbers(Number(args[0])))];
    case 'cat':
      return args[0] === undefined ? [{ kind: 'copy' }] : [printFile(args[0], found)];
    case 'sleep':
      return [{ kind: 'sleep', milliseconds: Number(args[0]) * 1000 }];
    case 'tail':
      return [{ kind: 'devour' }];
    default:
      throw NOT_EXECUTABLE.includes(program)
        ? new EngineError('run.not_executable', `exec: "${program}": permission denied`)
        : new EngineError('run.command_not_found', `exec: "${program}": not found in $PATH`);
  }
}

/** Commands joined by `;`, with `>&2`, `exit`, `trap` and one kind of loop: no more is needed. */
function parseShell(script: string, found: Surroundings): Step[] {
  const commands = splitUnquoted(script.replace(LOOP, 'sleep 86400'), ';');
  return commands.flatMap((command) => parseShellCommand(command.trim(), found));
}

function parseShellCommand(command: string, found: Surroundings): Step[] {
  const toStderr = command.endsWith('>&2');
  const words = splitUnquoted(command.replace(/>&2$/, ''), ' ').filter((word) => word !== '');
  const [name = 'true', ...args] = words.map((word) => expand(word, found.env));
  if (name === 'exit') return [{ kind: 'exit', code: Number(args[0] ?? 0) % 256 }];
  if (name === 'trap') return [{ kind: 'trap', steps: parseShell(args[0] ?? '', found) }];
  // A failing command does not end a script, unless it is the last one.
  const steps = parseCommand([name, ...args], found);
  return toStderr ? steps.map(redirect) : steps;
}

/** Without its quotes; `"$NAME"` is the one expansion. */
function expand(word: string, env: Surroundings['env']): string {
  const variable = /^"\$(\w+)"$/.exec(word)?.[1];
  if (variable !== undefined) return env[variable] ?? '';
  return word.replace(/^(['"])(.*)\1$/s, '$2');
}

function redirect(step: Step): Step {
  return step.kind === 'print' ? { ...step, stream: 'stderr' } : step;
}

function splitUnquoted(text: string, separator: ';' | ' '): string[] {
  const pieces: string[] = [''];
  let quote = '';
  for (const character of text) {
    if (character === separator && quote === '') {
      pieces.push('');
      continue;
    }
    if (character === quote) quote = '';
    else if (quote === '' && /['"]/.test(character)) quote = character;
    pieces[pieces.length - 1] += character;
  }
  return pieces;
}

function printFile(path: string, { read }: Surroundings): Step {
  const data = read(path);
  return data === null ? { kind: 'exit', code: 1 } : { kind: 'print', stream: 'stdout', data };
}

function numbers(last: number): string {
  return Array.from({ length: last }, (_, index) => `${index + 1}\n`).join('');
}

function print(text: string): Step {
  return { kind: 'print', stream: 'stdout', data: Buffer.from(text) };
}
