import { describeEngineContract } from '../contract/engine-contract.ts';
import { describeHelperContract } from '../contract/helper-contract.ts';
import { FakeEngine } from './fake-engine.ts';

function open() {
  const engine = new FakeEngine();
  engine.images.add('docker.io/library/shell:latest');
  engine.images.add('docker.io/library/echo:latest', { entrypoint: ['echo'] });
  return {
    engine,
    image: 'docker.io/library/shell:latest',
    echoImage: 'docker.io/library/echo:latest',
    removeVolume: (name: string) => engine.helpers.removeVolume(name),
  };
}

describeEngineContract('FakeEngine', open);

const shared = open();
describeHelperContract('FakeHelpers', () => ({
  ...shared,
  helpers: shared.engine.helpers,
  // A fake engine makes no image: there is none to be removed.
  removeHelperImage: async () => {},
}));
