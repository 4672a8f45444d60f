import { TEST_IMAGES } from '@conjob/testkit';
import { sharedEngine } from '../../testing/services.ts';
import { describeEngineContract } from '../contract/engine-contract.ts';

const engine = sharedEngine();

describeEngineContract('DockerEngine', () => ({
  engine,
  image: TEST_IMAGES.noCommand.tag,
  echoImage: TEST_IMAGES.echo.tag,
}));
