import { type DestinationStream, type Logger, pino } from 'pino';
import { safeLogLine } from './log-line.ts';

export type { Logger };

export interface LoggerOptions {
  /** Which process speaks: `api`, `worker`, `standalone`. */
  readonly name: string;
  readonly level: string;
  readonly destination?: DestinationStream;
}

/** JSON lines on standard output. Bodies, arguments, environments and secrets are never logged. */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const options = { name, level, base: { name, pid: process.pid } };
  const lines = destination ?? standardOutput();
  return pino(options, { write: (line) => lines.write(safeLogLine(line)) });
}

/** What is more than this is written without waiting for the end of the turn. */
const BUFFER_BYTES = 8 * 1024;
/** Kept while whoever reads the log, or its disk, takes nothing; lines beyond are lost. */
const MAX_BUFFER_BYTES = 1024 * 1024;
let shared: DestinationStream | undefined;

/**
 * Writes the lines of one turn of the event loop together, and before the process exits: with many jobs at a
 * time, a system call for each line would cost as much as a tenth of all that is done for a job.
 */
function standardOutput(): DestinationStream {
  if (shared !== undefined) return shared;
  const output = pino.destination({
    dest: 1,
    sync: true,
    minLength: BUFFER_BYTES,
    maxLength: MAX_BUFFER_BYTES,
  });
  // Jobs go on without a log.
  output.on('error', () => {});
  let isDue = false;
  const flush = (): void => {
    isDue = false;
    // Not `flushSync`, which waits until a disk has them: that would cost more than the rest of a job.
    output.flush();
  };
  process.on('exit', flush);
  shared = {
    write(line) {
      output.write(line);
      if (!isDue) setImmediate(flush);
      isDue = true;
    },
  };
  return shared;
}
