import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ensureBinaries, freePort, startService, waitUntilReady } from '@conjob/provision';
import { tempFolder } from './temp-folder.ts';

export interface TestNginx {
  /** Of 127.0.0.1: bodies are read as a whole before they are passed on. */
  readonly port: number;
  /** The same, but bodies are passed on while they come. */
  readonly unbufferedPort: number;
  /** Paths of the requests that it has passed on so far, in the order in which they ended. */
  passedOn(): string[];
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 15_000;
const STOP_GRACE_MS = 5_000;

/** Starts an nginx in front of a port of 127.0.0.1, whose connections it keeps and shares among its clients. */
export async function startTestNginx(upstreamPort: number): Promise<TestNginx> {
  const { nginx } = await ensureBinaries(['nginx']);
  const folder = tempFolder();
  const [port, unbufferedPort] = [await freePort(), await freePort()];
  const configFile = join(folder.path, 'nginx.conf');
  const passedLog = join(folder.path, 'passed.log');
  writeFileSync(configFile, config({ folder: folder.path, port, unbufferedPort, upstreamPort }));
  const service = await startService({
    command: nginx,
    args: ['-p', folder.path, '-c', configFile, '-e', 'stderr'],
    logPath: join(folder.path, 'nginx.log'),
  });
  const ready = async () => (await isOpen(port)) && (await isOpen(unbufferedPort));
  await waitUntilReady('The test nginx', service, ready, READY_WITHIN_MS);
  return {
    port,
    unbufferedPort,
    passedOn: () => readFileSync(passedLog, 'utf8').split('\n').slice(0, -1),
    async stop() {
      await service.stop(STOP_GRACE_MS);
      folder.remove();
    },
  };
}

interface Ports {
  readonly folder: string;
  readonly port: number;
  readonly unbufferedPort: number;
  readonly upstreamPort: number;
}

const TEMP_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** One process, which ends as a whole; short times, so that a client soon knows that nothing more comes. */
function config({ folder, port, unbufferedPort, upstreamPort }: Ports): string {
  const server = (of: number, buffering: string) => `
  server {
    listen 127.0.0.1:${of};
    location / {
      proxy_pass http://upstream;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering ${buffering};
    }
  }`;
  return `
user root;
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events { worker_connections 512; }
http {
  ${TEMP_PATHS.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  map $upstream_addr $was_passed_on { "" 0; default 1; }
  log_format passed "$uri";
  access_log ${folder}/passed.log passed if=$was_passed_on;
  client_header_timeout 1s;
  client_body_timeout 1s;
  keepalive_timeout 300ms;
  upstream upstream {
    server 127.0.0.1:${upstreamPort};
    keepalive 4;
  }${server(port, 'on')}${server(unbufferedPort, 'off')}
}
`;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
