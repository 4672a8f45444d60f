import { describeEngineContract } from '../contract/engine-contract.ts';
import { FakeEngine } from './fake-engine.ts';

describeEngineContract('FakeEngine', () => {
  const engine = new FakeEngine();
  engine.images.add('docker.io/library/shell:latest');
  engine.images.add('docker.io/library/echo:latest', { entrypoint: ['echo'] });
  return {
    engine,
    image: 'docker.io/library/shell:latest',
    echoImage: 'docker.io/library/echo:latest',
  };
});
