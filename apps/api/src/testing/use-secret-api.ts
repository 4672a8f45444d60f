import { generateKeys } from '@conjob/shared';
import { type TempFolder, tempFolder } from '@conjob/testkit';
import { afterAll, beforeAll } from 'vitest';
import { startTestApi, type TestApi } from './test-api.ts';

/** An API that can seal, for all tests of a file, and where the keys are. They are there once its tests run. */
export function useSecretApi(): { readonly keysFolder: string; readonly api: TestApi } {
  let folder: TempFolder;
  let api: TestApi;
  beforeAll(async () => {
    folder = tempFolder();
    await generateKeys(folder.path);
    api = await startTestApi({ SECRET_KEYS_DIR: folder.path });
  });
  afterAll(async () => {
    await api?.close();
    folder.remove();
  });
  return {
    get keysFolder() {
      return folder.path;
    },
    get api() {
      return api;
    },
  };
}
