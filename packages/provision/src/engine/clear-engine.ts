import { claimFolder } from '../service/folder-claim.ts';
import { engineFolders, prepareFolders, removeRuntime } from './engine-folders.ts';
import { endLeftovers, unmountAll } from './leftovers.ts';

/**
 * Ends and unmounts whatever a crashed owner left of the engine of `dataDir`, so that the folder
 * can be removed. Throws `FolderInUseError` while its owner lives.
 */
export async function clearEngine(dataDir: string): Promise<void> {
  const folders = engineFolders(dataDir);
  prepareFolders(folders);
  const release = claimFolder(folders.runtimeDir);
  try {
    await endLeftovers(folders);
    await unmountAll(folders);
  } finally {
    release();
  }
  removeRuntime(folders);
}
