import { type DestinationStream, type Logger, pino } from 'pino';

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
  return destination ? pino(options, destination) : pino(options);
}
