import { FolderInUseError, MissingBinaryError, ServiceStartError } from '@conjob/provision';
import { ConfigError, KeyFileError } from '@conjob/shared';
import { NameTakenError } from '@conjob/worker';
import { startStandalone } from './standalone.ts';

/** How often to look whether whoever started us is still there. */
const PARENT_CHECK_MS = 500;

const quit = new AbortController();
let hurry = (): void => {};

function onSignal(): void {
  // Who asks twice does not want to wait for running jobs.
  if (quit.signal.aborted) hurry();
  quit.abort();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
// npm may be gone without a word: then nobody could stop us any more.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && quit.abort(), PARENT_CHECK_MS).unref();

try {
  const conjob = await startStandalone(process.env, (line) => console.log(line), quit.signal);
  hurry = () => conjob.hurry();
  void conjob.replaced.then((reason) => {
    console.error(reason);
    process.exit(1);
  });
  if (!quit.signal.aborted) console.log(conjob.welcome);
  const reason = await Promise.race([conjob.lost, aborted(quit.signal)]);
  if (reason !== undefined) {
    console.error(reason);
    process.exitCode = 1;
  }
  console.log('Shutting down … Running jobs get some time to end; Ctrl-C again stops them.');
  await conjob.close();
} catch (error) {
  if (!quit.signal.aborted) {
    console.error(isForPeople(error) ? `\n${explain(error)}\n` : error);
    process.exitCode = 1;
  }
}

/** Errors whose message says all that helps. */
function isForPeople(error: unknown): error is Error {
  const kinds = [
    ConfigError,
    KeyFileError,
    MissingBinaryError,
    FolderInUseError,
    ServiceStartError,
    NameTakenError,
  ];
  return kinds.some((kind) => error instanceof kind);
}

function explain(error: Error): string {
  if (!(error instanceof FolderInUseError)) return error.message;
  return `${error.message}. Set DATA_DIR to a folder of its own for each ConJob.`;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
