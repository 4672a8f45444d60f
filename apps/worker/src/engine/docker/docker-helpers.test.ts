import { TEST_IMAGES } from '@conjob/testkit';
import { inject } from 'vitest';
import { sharedEngine } from '../../testing/services.ts';
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
