import { TEST_IMAGES } from '@conjob/testkit';
import { sharedEngine, sharedUpkeep } from '../../testing/services.ts';
import { describeEngineContract } from '../contract/engine-contract.ts';

const engine = sharedEngine();
const upkeep = sharedUpkeep();

describeEngineContract('DockerEngine', () => ({
  engine,
  image: TEST_IMAGES.noCommand.tag,
  echoImage: TEST_IMAGES.echo.tag,
  removeVolume: (name) => upkeep.removeVolume(name),
}));
