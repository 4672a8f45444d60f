export {
  CANARY,
  CANARY_FORMS,
  expectNoCanary,
  filesOfEngineWithCanary,
  filesWithCanary,
} from './canary.ts';
export { makeCertificates } from './certificates.ts';
export { ContainerWitness } from './container-witness.ts';
export { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
export {
  activeResources,
  childProcesses,
  type ListedContainer,
  listContainers,
  removeContainer,
} from './leaks.ts';
export { type MeteredLink, startMeteredLink } from './metered-link.ts';
export { expectNoMarkedProcesses, newProcessMark, type ProcessMark } from './process-mark.ts';
export { processesOf, signalAll } from './processes-of.ts';
export { pushImage, registryAuth, removeImage } from './push-image.ts';
export { type RecordingListener, startRecordingListener } from './recording-listener.ts';
export { type RecordingRegistry, startRecordingRegistry } from './recording-registry.ts';
export { sweepOnExit } from './sweep-on-exit.ts';
export { sweepAbandoned, type TempFolder, tempFolder } from './temp-folder.ts';
export {
  type EngineAccess,
  inNetwork,
  startTestEngine,
  type TestEngine,
  type TestEngineOptions,
} from './test-engine.ts';
export { importTestImages, TEST_IMAGES } from './test-images.ts';
export { startTestNginx, type TestNginx } from './test-nginx.ts';
export { startTestRedis, type TestRedis, type TestRedisOptions } from './test-redis.ts';
export { type RegistryLogin, startTestRegistry, type TestRegistry } from './test-registry.ts';
export { importLargerImage, importTinyImage, listVolumes } from './tiny-image.ts';
export { startTlsProxy, type TlsProxy } from './tls-proxy.ts';
export { until } from './until.ts';
