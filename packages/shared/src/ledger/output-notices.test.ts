import { expect, test } from 'vitest';
import { keys } from '../keys.ts';
import { connectPatient, disconnect } from '../redis.ts';
import { useLedger } from '../testing/use-ledger.ts';

const ledger = useLedger();
const chunk = (text: string) => ({ stream: 'stdout', data: Buffer.from(text) }) as const;

test('whoever listens hears once of all that was stored together, and where it ends', async () => {
  const claim = await ledger.claimAt('started');
  const key = keys.output(claim.id, 1);
  const listener = connectPatient(ledger.url);
  const heard: string[] = [];
  listener.on('message', (_, position) => heard.push(position));
  await listener.subscribe(key);
  await ledger.worker('first').appendOutput(claim, [chunk('a'), chunk('b')]);
  await ledger.worker('first').appendOutput(claim, [chunk('c')]);
  // Answered after what was told before.
  await listener.ping();
  const positions = (await ledger.redis.xrange(key, '-', '+')).map(([position]) => position);
  expect(heard).toEqual([positions[1], positions[2]]);
  await disconnect(listener);
});

test('a worker whose user may not give notice yet stores its output all the same', async () => {
  const claim = await ledger.claimAt('started');
  await ledger.redis.acl('SETUSER', 'older', 'on', 'nopass', '~*', '+@all', 'resetchannels');
  const older = connectPatient(ledger.url);
  await older.auth('older', 'any');
  const attempts = ledger.worker('first', older);
  await expect(older.publish(keys.output(claim.id, 1), '')).rejects.toThrow('NOPERM');
  await attempts.appendOutput(claim, [chunk('a')]);
  await attempts.appendOutput(claim, [chunk('b')]);
  expect(await ledger.output(claim.id)).toBe('stdout:a stdout:b ');
  await disconnect(older);
});
