export { type BinaryName, CATALOGUE } from './binaries/catalogue.ts';
export { ensureBinaries, type Say } from './binaries/ensure-binaries.ts';
export { findBinary } from './binaries/find-binary.ts';
export { MissingBinaryError } from './binaries/missing-binary-error.ts';
export { run } from './binaries/run.ts';
export { clearEngine } from './engine/clear-engine.ts';
export { callEngine, type EngineCall, type EngineReply } from './engine/engine-api.ts';
export { createNetworkNamespace, type NetworkNamespace } from './engine/network-namespace.ts';
export type { Runtimes } from './engine/runtimes.ts';
export { type EngineOptions, type RunningEngine, startEngine } from './engine/start-engine.ts';
export { busyboxFiles } from './images/busybox-files.ts';
export {
  hasImage,
  type ImageConfig,
  ImageImportError,
  importImages,
  type NewImage,
} from './images/import-images.ts';
export { importStarterImages } from './images/starter-images.ts';
export type { ImageFile } from './images/tar.ts';
export type { RedisAddress } from './redis/redis-probe.ts';
export { freePort, type RedisOptions, type RunningRedis, startRedis } from './redis/start-redis.ts';
export { FolderInUseError } from './service/folder-claim.ts';
export { isAlive, type ProcessEntry, processTable } from './service/process-table.ts';
export type { ServiceExit } from './service/service.ts';
export { type Service, startService } from './service/service.ts';
export { ServiceStartError, waitUntilReady } from './service/wait-until-ready.ts';
