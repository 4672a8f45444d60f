import { readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import tls, { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { ConfigError, createLogger } from '@conjob/shared';
import { makeCertificates, type TempFolder, tempFolder } from '@conjob/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { closeServer, listen, urlOf } from '../http/listen.ts';
import { LISTEN_OPTIONS } from '../testing/listen-options.ts';
import { CertificateFiles } from './certificate-files.ts';

const PATIENT = { timeout: 15_000 };
let made: TempFolder;
/** Two pairs, of two authorities. */
let first: { cert: string; key: string; ca: string };
let second: typeof first;
beforeAll(async () => {
  made = tempFolder();
  const make = async () => {
    await makeCertificates(made.path);
    const read = (name: string) => readFileSync(join(made.path, name), 'utf8');
    return { cert: read('server.pem'), key: read('server-key.pem'), ca: read('ca.pem') };
  };
  first = await make();
  second = await make();
});
afterAll(() => made?.remove());

/** A Node that would bargain: only our own rules refuse old versions then. */
const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
beforeAll(() => {
  Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1', DEFAULT_CIPHERS: 'ALL:@SECLEVEL=0' });
});
afterAll(() => {
  Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS });
});

let folder: TempFolder;
let files: CertificateFiles;
let server: Awaited<ReturnType<typeof listen>>;
let logs: Record<string, unknown>[];
const path = (name: string) => join(folder.path, name);
const paths = () => ({ certFile: path('cert.pem'), keyFile: path('key.pem') });
const write = ({ cert, key }: { cert: string; key: string }) => {
  writeFileSync(path('cert.pem'), cert);
  writeFileSync(path('key.pem'), key);
};
beforeEach(async () => {
  folder = tempFolder();
  logs = [];
  write(first);
  const destination = { write: (line: string) => void logs.push(JSON.parse(line)) };
  const logger = createLogger({ name: 'test', level: 'info', destination });
  files = await CertificateFiles.open({ ...paths(), logger, lookEveryMs: 20 });
  const address = { host: '127.0.0.1', port: 0, certificate: files };
  server = await listen((req, res) => void res.end(`${req.url}`), address, LISTEN_OPTIONS);
});
afterEach(async () => {
  await closeServer(server, { graceMs: 100, answerWaiters: () => {} });
  await files.stop();
  folder.remove();
});

/** Asks on a connection of its own that trusts one authority. */
function get(ca: string, agent: Agent | false = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(`${urlOf(server)}/x`, { ca, agent }, (answer) => resolve(text(answer)));
    asked.on('error', reject);
    asked.end();
  });
}

function handshake(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const { port, hostname } = new URL(urlOf(server));
    const socket = connect({ port: Number(port), host: hostname, ca: first.ca, ...options });
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });
}

const loaded = () => logs.filter(({ msg }) => msg === 'certificate loaded').length;
const refused = () => logs.filter(({ msg }) => String(msg).startsWith('certificate not loaded'));

test('speaks https, by the certificate of the files', async () => {
  expect(urlOf(server)).toMatch(/^https:/);
  expect(await get(first.ca)).toBe('/x');
  await expect(get(second.ca)).rejects.toThrow(/certificate|signature/);
  expect(logs).toMatchObject([{ names: expect.stringContaining('DNS:localhost') }]);
  expect(JSON.stringify(logs)).not.toContain('PRIVATE');
});

test.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s', async (version) => {
  const old = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' } as const;
  await expect(handshake(old)).rejects.toThrow();
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s', async (version) => {
  const socket = await handshake({ minVersion: version, maxVersion: version });
  expect(socket.getProtocol()).toBe(version);
  socket.destroy();
});

test('who speaks plain HTTP, or nothing, gets nothing, and does not disturb', async () => {
  const plain = new Promise((resolve, reject) => {
    httpRequest(urlOf(server).replace('https', 'http'), { agent: false }, resolve)
      .on('error', reject)
      .end();
  });
  await expect(plain).rejects.toThrow(/hang up|ECONNRESET/);
  const { port, hostname } = new URL(urlOf(server));
  const silent = connectTcp(Number(port), hostname);
  silent.on('error', () => {});
  expect(await get(first.ca)).toBe('/x');
  silent.destroy();
});

describe('when the files change', () => {
  test('new connections get the new certificate, and old ones go on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: first.ca });
    expect(await get(first.ca, agent)).toBe('/x');
    write(second);
    await expect.poll(loaded, PATIENT).toBe(2);
    expect(await get(second.ca)).toBe('/x');
    await expect(get(first.ca)).rejects.toThrow(/certificate|signature/);
    // Only the connection from before can still be trusted by the first authority.
    expect(await get(first.ca, agent)).toBe('/x');
    agent.destroy();
  });

  test('old versions of TLS are still refused', async () => {
    write(second);
    await expect.poll(loaded, PATIENT).toBe(2);
    const { ca } = second;
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      const old = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0', ca };
      await expect(handshake(old)).rejects.toThrow();
    }
    (await handshake({ ca })).destroy();
  });

  test.each<[string, () => void]>([
    ['a certificate without its key', () => writeFileSync(path('cert.pem'), second.cert)],
    ['a key without its certificate', () => writeFileSync(path('key.pem'), second.key)],
    ['half a certificate', () => writeFileSync(path('cert.pem'), second.cert.slice(0, 300))],
    ['half a key', () => writeFileSync(path('key.pem'), second.key.slice(0, 100))],
    ['nothing', () => writeFileSync(path('cert.pem'), '')],
    ['no file', () => unlinkSync(path('key.pem'))],
  ])('%s changes nothing, and is said once', async (_what, spoil) => {
    spoil();
    await expect.poll(refused, PATIENT).toHaveLength(1);
    expect(refused()[0]?.['reason']).toMatch(/^TLS_(CERT|KEY)_FILE: /);
    expect(JSON.stringify(logs)).not.toContain('PRIVATE');
    expect(await get(first.ca)).toBe('/x');
    // It goes on looking, and takes the next ones that are good.
    write(second);
    await expect.poll(loaded, PATIENT).toBe(2);
    expect(refused()).toHaveLength(1);
    expect(await get(second.ca)).toBe('/x');
  });

  test('by a link that leads elsewhere, as in a mounted secret, they are followed too', async () => {
    for (const [name, pair] of Object.entries({ a: first, b: second })) {
      writeFileSync(path(`cert-${name}.pem`), pair.cert);
      writeFileSync(path(`key-${name}.pem`), pair.key);
    }
    for (const name of ['cert', 'key']) {
      rmSync(path(`${name}.pem`));
      symlinkSync(path(`${name}-b.pem`), path('link'));
      renameSync(path('link'), path(`${name}.pem`));
    }
    await expect.poll(loaded, PATIENT).toBe(2);
    expect(await get(second.ca)).toBe('/x');
  });
});

test.each<[string, () => void, RegExp]>([
  ['a missing file', () => unlinkSync(path('cert.pem')), /TLS_CERT_FILE: ENOENT/],
  [
    'another key',
    () => writeFileSync(path('key.pem'), second.key),
    /TLS_KEY_FILE: It is not the key/,
  ],
  ['no certificate', () => writeFileSync(path('cert.pem'), 'x'), /TLS_CERT_FILE: It holds nothing/],
  ['a folder', () => void 0, /TLS_CERT_FILE: EISDIR/],
])('it does not start with %s', async (what, spoil, message) => {
  spoil();
  const logger = createLogger({ name: 'test', level: 'silent' });
  const certFile = what === 'a folder' ? folder.path : path('cert.pem');
  const opened = CertificateFiles.open({ ...paths(), certFile, logger });
  await expect(opened).rejects.toThrow(ConfigError);
  await expect(opened).rejects.toThrow(message);
});
