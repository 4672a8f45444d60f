import { TEST_IMAGES, until } from '@conjob/testkit';
import { expect, inject, onTestFinished, test } from 'vitest';
import { sharedEngine } from '../../testing/services.ts';
import { testContainer } from '../../testing/specs.ts';
import { describeHelperContract } from '../contract/helper-contract.ts';
import { connectDocker } from './connect-docker.ts';
import { DockerHelpers } from './docker-helpers.ts';
import { HELPER_IMAGE } from './helper-image/archive.ts';

const engine = sharedEngine();

// One for each who asks, as if they were of several processes.
describeHelperContract('DockerHelpers', () => ({
  engine,
  helpers: new DockerHelpers(connectDocker({ socketPath: inject('engineSocket') })),
  image: TEST_IMAGES.noCommand.tag,
  echoImage: TEST_IMAGES.echo.tag,
  removeVolume: () => Promise.resolve(),
  removeHelperImage: async () => void (await engine.removeImage(HELPER_IMAGE)),
}));

test('a look shows who listens, though nothing was ever sent, and no more when he has ended', async () => {
  const helpers = new DockerHelpers(connectDocker({ socketPath: inject('engineSocket') }));
  const { name } = testContainer('', []);
  const helper = await helpers.start({ name, labels: {}, network: 'none', volumes: [] });
  onTestFinished(() => engine.remove(helper));
  const view = await helpers.openView(helper);
  const clean = await view.look();
  const args = ['nc', '-l', '-p', '9'];
  const listener = await engine.create(
    testContainer(TEST_IMAGES.busybox.tag, args, { joins: helper }),
  );
  onTestFinished(() => engine.remove(listener));
  await engine.start(listener);
  await until(async () => (await view.look()) !== clean);
  await engine.remove(listener);
  expect(await view.look()).toBe(clean);
  view.close();
});
