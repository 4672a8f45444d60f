import { copyFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { makeCertificates, type TempFolder, tempFolder } from '@conjob/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { curlTarget } from './curl.ts';

let made: TempFolder;
beforeAll(async () => {
  made = tempFolder();
  await makeCertificates(made.path);
});
afterAll(() => made?.remove());

const plain = { hasLogin: false, certFile: null };

test.each([
  ['http://127.0.0.1:8080', 'localhost:8080'],
  ['http://0.0.0.0:8080', 'localhost:8080'],
  ['http://[::]:8080', 'localhost:8080'],
  ['http://[::1]:8080', '[::1]:8080'],
  ['http://10.1.2.3:8080', '10.1.2.3:8080'],
])('%s is reached as %s', (url, address) => {
  expect(curlTarget({ url, ...plain })).toEqual({ options: '', address });
});

test('the shell puts the login in', () => {
  expect(curlTarget({ url: 'http://127.0.0.1:1', ...plain, hasLogin: true })).toEqual({
    options: '--user "$AUTH_USERNAME:$AUTH_PASSWORD" ',
    address: 'localhost:1',
  });
});

test('a certificate for this machine is asked by its name, and trusted by hand', () => {
  const certFile = join(made.path, 'server.pem');
  expect(curlTarget({ url: 'https://127.0.0.1:1', hasLogin: false, certFile })).toEqual({
    options: `--cacert '${certFile}' `,
    address: 'https://localhost:1',
  });
});

test('a path is shown whole, and as one word of a shell', () => {
  const odd = join(made.path, "it's.pem");
  copyFileSync(join(made.path, 'server.pem'), odd);
  const certFile = relative(process.cwd(), odd);
  expect(curlTarget({ url: 'https://127.0.0.1:1', hasLogin: false, certFile }).options).toBe(
    `--cacert '${made.path}/it'\\''s.pem' `,
  );
});

test('a certificate for another address is asked by its own name', () => {
  const certFile = join(made.path, 'server.pem');
  expect(curlTarget({ url: 'https://10.1.2.3:1', hasLogin: false, certFile })).toEqual({
    options: `--cacert '${certFile}' --resolve localhost:1:10.1.2.3 `,
    address: 'https://localhost:1',
  });
});
