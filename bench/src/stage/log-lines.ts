/** A line of the log of a process, as pino writes it. */
export interface LogLine {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The whole lines of a log; what is no line of JSON, and what is still being written, is left out. */
export function logLines(text: string): LogLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);
}
