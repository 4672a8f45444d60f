import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startService, waitUntilReady } from '@conjob/provision';
import { tempFolder } from './temp-folder.ts';
import { type EngineAccess, inNetwork } from './test-engine.ts';

export interface RecordingRegistry {
  /** As its engine sees it. */
  readonly host: string;
  /** The logins that it was sent, each once: `username:password`. */
  logins(): string[];
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 15_000;
const STOP_GRACE_MS = 5_000;
const MAIN = fileURLToPath(new URL('./recording-registry.fixture.ts', import.meta.url));

/** Starts a registry, in the network of an engine, that takes any login and has no image. */
export async function startRecordingRegistry(engine: EngineAccess): Promise<RecordingRegistry> {
  const folder = tempFolder();
  const logPath = join(folder.path, 'registry.log');
  const [command = '', ...args] = inNetwork(engine, [process.execPath, MAIN]);
  const service = await startService({ command, args, logPath });
  const log = () => readFileSync(logPath, 'utf8');
  const host = () => /listening on (\S+)/.exec(log())?.[1];
  const ready = async () => host() !== undefined;
  await waitUntilReady('The recording registry', service, ready, READY_WITHIN_MS);
  return {
    host: host() ?? '',
    logins() {
      const sent = [...log().matchAll(/authorization Basic (\S+)/g)].map(([, login = '']) => login);
      return [...new Set(sent)].map((login) => Buffer.from(login, 'base64').toString());
    },
    async stop() {
      await service.stop(STOP_GRACE_MS);
      folder.remove();
    },
  };
}
