import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const ROTATE_ABOVE_BYTES = 8 * 1024 * 1024;
/** dockerd buries its reasons under notes and its connection to containerd. */
const CHATTER = /level=info|module=grpc/;

/** A service's log: appended to by the service, read by us when it fails. */
export interface LogFile {
  readonly path: string;
  /** For `stdio`; `closeFd` once the child has it. */
  readonly fd: number;
  closeFd(): void;
  /** The last lines written since this log was opened that tell something. */
  tail(lines?: number): string;
}

/** Opens a log for appending; one that grew large is first moved aside, replacing the last. */
export function openLogFile(path: string): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  if (sizeOf(path) > ROTATE_ABOVE_BYTES) renameSync(path, `${path}.1`);
  const start = sizeOf(path);
  const fd = openSync(path, 'a', 0o600);
  return {
    path,
    fd,
    closeFd: () => closeSync(fd),
    tail: (lines = 10) => lastLines(path, start, lines),
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function lastLines(path: string, start: number, count: number): string {
  try {
    const lines = readFileSync(path).subarray(start).toString().trimEnd().split('\n');
    const telling = lines.filter((line) => !CHATTER.test(line));
    return (telling.length > 0 ? telling : lines).slice(-count).join('\n');
  } catch {
    return '';
  }
}
