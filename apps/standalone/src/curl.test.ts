import { join } from 'node:path';
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

test('a certificate for this machine is asked by its name, one that is its own authority trusted', () => {
  const target = (name: string) =>
    curlTarget({ url: 'http://127.0.0.1:1', hasLogin: false, certFile: join(made.path, name) });
  expect(target('server.pem')).toEqual({ options: '', address: 'https://localhost:1' });
  const ca = join(made.path, 'ca.pem');
  expect(target('ca.pem').options).toContain(`--cacert '${ca}' `);
});

test('a certificate for another address is asked by its own name', () => {
  const certFile = join(made.path, 'server.pem');
  expect(curlTarget({ url: 'https://10.1.2.3:1', hasLogin: false, certFile })).toEqual({
    options: '--resolve localhost:1:10.1.2.3 ',
    address: 'https://localhost:1',
  });
});
