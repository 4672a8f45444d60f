import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  callEngine,
  createNetworkNamespace,
  ensureBinaries,
  run,
  startEngine,
} from '@conjob/provision';
import { ContainerWitness, makeCertificates, tempFolder } from '@conjob/testkit';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** As which the image of the API runs. */
const API_USER = 1000;

interface Reply {
  readonly status: number;
  readonly body: string;
}

export interface ComposeHost {
  readonly socketPath: string;
  /** Runs `docker-compose` on the repository's own file; returns what it printed. */
  compose(...args: string[]): Promise<string>;
  /** A GET of the engine's API. */
  inspect<T>(path: string): Promise<T>;
  /** An HTTP request from the network of the engine, as a user of that machine would make it. */
  request(url: string, method?: 'GET' | 'POST', body?: string): Promise<Reply>;
  /** Sets what a `.env` beside the file would, for what is run from then on. */
  setVariables(variables: Readonly<Record<string, string>>): void;
  /** With a certificate for this machine, for the user of the API; what signed it is believed by {@link request}. */
  readonly tlsFolder: string;
  /** Then throws when a container of a job was not as its profile has it. */
  stop(): Promise<void>;
}

const REQUEST = `
const [url, method, body] = process.argv.slice(1);
const reply = await fetch(url, { method, body });
console.log(JSON.stringify({ status: reply.status, body: await reply.text() }));
`;

/**
 * A machine for `docker-compose`: an engine in a network of its own, where it may have bridges
 * and published ports without touching those of this machine.
 */
export async function startComposeHost(): Promise<ComposeHost> {
  const { 'docker-compose': command } = await ensureBinaries(['docker-compose']);
  const folder = tempFolder();
  const namespace = await createNetworkNamespace();
  const release = () => {
    namespace.close();
    folder.remove();
  };
  const network = {
    ...namespace,
    // The last flag wins. Without a firewall it takes the proxy to publish a port.
    inside: (dockerd: readonly string[]) =>
      namespace.inside([...dockerd, '--userland-proxy=true', '--bridge=']),
  };
  const options = { dataDir: folder.path, network, liveRestore: false };
  const engine = await startEngine(options).catch((error: unknown) => {
    release();
    throw error;
  });
  const { socketPath } = engine;
  const witness = new ContainerWitness(socketPath);
  // Not the credential helpers of whoever runs us, nor the .env of this working copy.
  const [configFolder, envFile] = [`${folder.path}/docker-config`, `${folder.path}/env`];
  mkdirSync(configFolder);
  const tlsFolder = `${folder.path}/tls`;
  mkdirSync(tlsFolder);
  await makeCertificates(tlsFolder);
  chownSync(`${tlsFolder}/server-key.pem`, API_USER, API_USER);
  writeFileSync(envFile, '');
  const env = {
    COMPOSE_PROJECT_NAME: 'conjob-test',
    DOCKER_CONFIG: configFolder,
    DOCKER_HOST: `unix://${socketPath}`,
    DOCKER_SOCKET: socketPath,
  };
  return {
    socketPath,
    tlsFolder,
    compose: (...args) => {
      const files = ['--env-file', envFile, '--file', `${ROOT}/docker-compose.yml`];
      return run(command, [...files, ...args], { env, timeoutMs: 180_000 });
    },
    async inspect<T>(path: string) {
      const { status, body } = await callEngine(socketPath, path);
      if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
      return JSON.parse(body) as T;
    },
    async request(url, method = 'GET', body) {
      const script = ['--input-type=module', '--eval', REQUEST, url, method];
      if (body !== undefined) script.push(body);
      const [nsenter = '', ...args] = namespace.inside([process.execPath, ...script]);
      const env = { NODE_EXTRA_CA_CERTS: `${tlsFolder}/ca.pem` };
      return JSON.parse(await run(nsenter, args, { env })) as Reply;
    },
    setVariables(variables) {
      const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
      writeFileSync(envFile, lines.join(''));
    },
    async stop() {
      const faults = await witness.end();
      await engine.stop();
      release();
      if (faults.length > 0) throw new Error(`Not of the shape of a profile: ${faults.join('; ')}`);
    },
  };
}
