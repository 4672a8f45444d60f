import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinaries, run, startService, waitUntilReady } from '@conjob/provision';
import { tempFolder } from './temp-folder.ts';
import { type EngineAccess, inNetwork } from './test-engine.ts';

export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

export interface TestRegistry {
  /** `127.0.0.1:<port>`, as seen by the engine; this process cannot reach it. */
  readonly host: string;
  readonly login: RegistryLogin | undefined;
  /** From now on it takes another password: logins given out before are refused. */
  changePassword(password: string): Promise<void>;
  /** Also removes its images. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 15_000;
const STOP_GRACE_MS = 5_000;

/**
 * Starts a registry on the loopback of an engine's network: engines take 127.0.0.0/8 as safe
 * without TLS. With `login` it refuses everyone else.
 */
export async function startTestRegistry(
  engine: EngineAccess,
  { login }: { readonly login?: RegistryLogin } = {},
): Promise<TestRegistry> {
  const binaries = await ensureBinaries(['docker-registry', 'htpasswd']);
  const folder = tempFolder();
  const configFile = join(folder.path, 'registry.json');
  const passwordFile = join(folder.path, 'htpasswd');
  const setLogin = async ({ username, password }: RegistryLogin) =>
    // -B bcrypt, the only kind the registry takes; -n to stdout.
    writeFileSync(passwordFile, await run(binaries.htpasswd, ['-Bbn', username, password]));
  if (login !== undefined) await setLogin(login);
  const config = registryConfig(folder.path, login === undefined ? undefined : passwordFile);
  writeFileSync(configFile, JSON.stringify(config)); // JSON is YAML
  const [command = '', ...args] = inNetwork(engine, [
    binaries['docker-registry'],
    'serve',
    configFile,
  ]);
  const logPath = join(folder.path, 'registry.log');
  const service = await startService({ command, args, logPath });
  const ready = async () => listeningOn(logPath) !== undefined;
  await waitUntilReady('The test registry', service, ready, READY_WITHIN_MS);
  return {
    host: listeningOn(logPath) ?? '',
    login,
    changePassword: (password) => setLogin({ username: login?.username ?? '', password }),
    async stop() {
      await service.stop(STOP_GRACE_MS);
      folder.remove();
    },
  };
}

function registryConfig(folder: string, passwordFile: string | undefined): object {
  return {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'images') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' }, // the log tells which port it got
    ...(passwordFile === undefined
      ? {}
      : { auth: { htpasswd: { realm: 'conjob-test', path: passwordFile } } }),
  };
}

function listeningOn(logPath: string): string | undefined {
  return /listening on (127\.0\.0\.1:\d+)/.exec(readFileSync(logPath, 'utf8'))?.[1];
}
