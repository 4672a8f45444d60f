import { expect, test } from 'vitest';
import { aptPackages } from './catalogue.ts';
import { MissingBinaryError } from './missing-binary-error.ts';

test('names each package once', () => {
  expect(aptPackages(['dockerd', 'iptables', 'redis-server'])).toEqual([
    'docker.io',
    'iptables',
    'redis-server',
  ]);
});

test('says what to install on each system', () => {
  const { message } = new MissingBinaryError(['redis-server', 'dockerd'], 'not root');
  expect(message.split('\n')).toEqual([
    'Not found on this machine: redis-server, dockerd (not root). To install:',
    '  Debian, Ubuntu:  apt-get install --no-install-recommends redis-server docker.io iptables',
    '  Fedora:          dnf install redis moby-engine',
    '  macOS:           brew install redis; install Docker Desktop',
  ]);
});
