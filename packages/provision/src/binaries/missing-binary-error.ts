import { aptPackages, type BinaryName, CATALOGUE } from './catalogue.ts';

/** A program is neither on this machine nor installable by us; the message says what to do. */
export class MissingBinaryError extends Error {
  override readonly name = 'MissingBinaryError';
  readonly missing: readonly BinaryName[];

  constructor(missing: readonly BinaryName[], reason: string, options?: ErrorOptions) {
    super(describe(missing, reason), options);
    this.missing = missing;
  }
}

function describe(missing: readonly BinaryName[], reason: string): string {
  const sources = missing.map((name) => CATALOGUE[name]);
  return [
    `Not found on this machine: ${missing.join(', ')} (${reason}). To install:`,
    `  Debian, Ubuntu:  apt-get install --no-install-recommends ${aptPackages(missing).join(' ')}`,
    `  Fedora:          dnf install ${[...new Set(sources.map((s) => s.dnf))].join(' ')}`,
    `  macOS:           ${[...new Set(sources.map((s) => s.macos))].join('; ')}`,
  ].join('\n');
}
