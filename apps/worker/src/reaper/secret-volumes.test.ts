import { createLogger } from '@conjob/shared';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { connectDocker } from '../engine/docker/connect-docker.ts';
import { DockerHelpers } from '../engine/docker/docker-helpers.ts';
import { LABELS } from '../engine/labels.ts';
import { HelperSecretHolder } from '../secrets/secret-holder.ts';
import { sharedEngine, sharedUpkeep } from '../testing/services.ts';
import { sweepSecretVolumes } from './secret-volumes.ts';

const engine = sharedEngine();
const upkeep = sharedUpkeep();
const holder = new HelperSecretHolder(
  engine,
  new DockerHelpers(connectDocker({ socketPath: inject('engineSocket') })),
);
const OURS = `sweep-${process.pid}`;
const THEIRS = `theirs-${process.pid}`;
const logger = createLogger({ name: 'reaper', level: 'silent' });
let made = 0;
let names: string[];
beforeEach(() => {
  names = [];
});
afterEach(async () => {
  for (const name of names) await holder.release(name);
});

async function held(installation: string): Promise<string> {
  const name = `conjob-secret-${installation}-${++made}`;
  names.push(name);
  const labels = { [LABELS.installation]: installation };
  await holder.hold({ name, content: Buffer.from('x'), labels });
  return name;
}
const sweep = () => sweepSecretVolumes({ upkeep, installation: OURS, logger });

test('what a helper left goes, what one holds stays, and so does what is not ours', async () => {
  const [left, inUse, theirs] = [await held(OURS), await held(OURS), await held(THEIRS)];
  for (const name of [left, theirs]) await engine.remove(name);
  await sweep();
  expect(await upkeep.hasVolume(left)).toBe(false);
  expect([await upkeep.hasVolume(inUse), await upkeep.hasVolume(theirs)]).toEqual([true, true]);
  expect([await holder.isHeld(inUse), await holder.isHeld(left)]).toEqual([true, false]);
});

test('a secret of 1 MiB has room', async () => {
  const name = 'conjob-secret-large-'.concat(OURS);
  names.push(name);
  const labels = { [LABELS.installation]: OURS };
  await holder.hold({ name, content: Buffer.alloc(1024 * 1024, 1), labels });
  expect(await holder.isHeld(name)).toBe(true);
});
