import { expect, test } from 'vitest';
import { EngineError, NetworkGoneError } from '../engine.ts';
import { asNetworkGone } from './as-network-gone.ts';

const error = (message: string) => new EngineError('run.command_not_found', message);

test.each([
  'cannot join network of a non running container: 0a1b',
  'No such container: 0a1b',
  'namespace path: lstat /proc/4711/ns/net: no such file or directory',
])('that the network is gone says “%s”', (message) => {
  expect(asNetworkGone(error(message), '9f')).toBeInstanceOf(NetworkGoneError);
});

test.each([
  'No such container: 9f',
  'executable file `/opt/ns/network-check` not found in $PATH: No such file or directory',
  'executable file `/ns/net` not found in $PATH: No such file or directory',
])('nothing of a network says “%s”', (message) => {
  expect(asNetworkGone(error(message), '9f')).not.toBeInstanceOf(NetworkGoneError);
});

test('what looks like it, of a container that was to join none, keeps its own code', () => {
  const seen = asNetworkGone(error('executable file `/proc/1/ns/net` not found in $PATH'));
  expect(seen).toMatchObject({ code: 'run.command_not_found' });
});
