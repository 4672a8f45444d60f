import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { ensureBinaries } from '@conjob/provision';
import { makeCertificates, TEST_IMAGES, type TempFolder, tempFolder } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { query, until } from '../support/http.ts';
import { launch } from '../support/start-process.ts';
import { startProduct } from './support/product.ts';

const DOCKER_HOST = `unix://${inject('engineSocket')}`;
const run = promisify(execFile);

interface Pair {
  readonly folder: TempFolder;
  readonly ca: string;
}
let first: Pair;
let second: Pair;
let used: TempFolder;
const tls = () => ({
  TLS_CERT_FILE: join(used.path, 'server.pem'),
  TLS_KEY_FILE: join(used.path, 'server-key.pem'),
});
const put = ({ folder }: Pair, ...names: string[]) => {
  for (const name of names) copyFileSync(join(folder.path, name), join(used.path, name));
};

beforeAll(async () => {
  const make = async (): Promise<Pair> => {
    const folder = tempFolder();
    await makeCertificates(folder.path);
    return { folder, ca: readFileSync(join(folder.path, 'ca.pem'), 'utf8') };
  };
  [first, second] = [await make(), await make()];
  used = tempFolder();
  put(first, 'server.pem', 'server-key.pem');
});
afterAll(() => {
  for (const folder of [first?.folder, second?.folder, used]) folder?.remove();
});

/** On a connection of its own, which trusts one authority only. */
async function ask(url: string, { ca }: Pair, method = 'GET') {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const asked = request(url, { method, ca, agent: false }, (answer) => {
    const whole = text(answer).then((body) => ({ status: answer.statusCode ?? 0, body }));
    whole.then(resolve, reject);
  });
  asked.on('error', reject).end();
  return promise;
}
const trusts = (url: string, pair: Pair) =>
  ask(`${url}/livez`, pair).then(
    ({ status }) => status === 200,
    () => false,
  );

describe('an API with a certificate', () => {
  it('takes a new one while a client waits, who notices nothing', async () => {
    const product = await startProduct(tls());
    try {
      const [, adminUrl = ''] = await product.api.says(/"adminUrl":"(https:[^"]+)"/);
      await product.startWorker({ DOCKER_HOST });
      const job = query(TEST_IMAGES.busybox.tag);
      const waiting = ask(`${product.url}/job/run?${job}&arg=sleep&arg=600`, first, 'POST');
      let id: string | undefined;
      await until(
        async () => JSON.parse((await ask(`${product.url}/jobs?state=running`, first)).body).jobs,
        (jobs) => {
          id = jobs[0]?.id;
          return jobs[0]?.phase === 'running';
        },
      );

      // First a certificate that does not fit: it is refused, and said once.
      put(second, 'server.pem');
      await product.api.says(/certificate not loaded/);
      expect(await trusts(product.url, first)).toBe(true);
      put(second, 'server-key.pem');
      for (const url of [product.url, adminUrl]) {
        await until(() => trusts(url, second), Boolean);
        expect(await trusts(url, first)).toBe(false);
      }
      expect(product.api.output().match(/certificate not loaded/g)).toHaveLength(1);

      await ask(`${product.url}/jobs/${id}/cancel`, second, 'POST');
      expect((await waiting).status).toBe(409);
    } finally {
      await product.stop();
      put(first, 'server.pem', 'server-key.pem');
    }
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    ['half of it', () => ({ ...tls(), TLS_KEY_FILE: '' }), /TLS_KEY_FILE: Must be set as well/],
    [
      'a file that is not there',
      () => ({ ...tls(), TLS_CERT_FILE: join(used.path, 'nowhere.pem') }),
      /TLS_CERT_FILE: ENOENT/,
    ],
    [
      'the key of another one',
      () => ({ ...tls(), TLS_KEY_FILE: join(second.folder.path, 'server-key.pem') }),
      /TLS_KEY_FILE: It is not the key/,
    ],
  ])('does not start with %s, and names the variable', async (_what, env, message) => {
    const api = launch('api', {
      PORT: '0',
      ADMIN_PORT: '0',
      REDIS_URL: 'redis://127.0.0.1:1',
      ...env(),
    });
    expect(await api.exited).toBe(1);
    expect(api.output()).toMatch(message);
    expect(api.output()).not.toMatch(/\bat .*:\d+:\d+/);
  });
});

describe('npm start with a certificate and a login', () => {
  it('shows curl lines that work', async () => {
    const { curl } = await ensureBinaries(['curl']);
    const data = tempFolder();
    const logins = {
      AUTH_USERNAME: 'ci',
      AUTH_PASSWORD: "it's $ecret",
      ADMIN_USERNAME: 'ops',
      ADMIN_PASSWORD: 'x',
    };
    const conjob = launch('standalone', {
      ...{ PORT: '0', ADMIN_PORT: '0', DATA_DIR: data.path, JOB_NETWORK: 'none' },
      ...{ DOCKER_HOST, ...tls(), ...logins },
    });
    try {
      await conjob.says(/Ctrl-C/);
      const lines = conjob.output().match(/^ {2}curl .*\/job\/run\?.*pull=never'$/gm) ?? [];
      expect(lines[0]).toContain(`--cacert '${tls().TLS_CERT_FILE}' 'https://localhost:`);
      const env = { PATH: process.env['PATH'], ...logins };
      const print = async (line: string) => {
        const command = line.trim().replace(/^curl/, `${curl} -sS`).replace(/'$/, "&remove=true'");
        return (await run('sh', ['-c', command], { env })).stdout;
      };
      expect(await Promise.all(lines.map(print))).toEqual([
        expect.stringContaining('Hello from ConJob!'),
        'foobar\n',
      ]);
    } finally {
      expect(await conjob.stop()).toBe(0);
      data.remove();
    }
  });
});
