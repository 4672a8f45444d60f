import {
  createLogger,
  generateKeys,
  parseImageReference,
  readApiKeys,
  Secrets,
  type SecretValues,
  sealSecret,
  sealValues,
  secretImage,
} from '@conjob/shared';
import { tempFolder } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { SecretReader } from '../secrets/secret-reader.ts';

/** Keys in a folder of their own, and secrets in a Redis as an API sets them. */
export async function openSecrets(redis: Redis) {
  const folder = tempFolder();
  await generateKeys(folder.path);
  const secrets = new Secrets(redis);
  const logs: string[] = [];
  const logger = createLogger({
    name: 'worker',
    level: 'info',
    destination: { write: (line) => void logs.push(line) },
  });
  let made = 0;
  return {
    keysFolder: folder.path,
    secrets,
    /** What its readers have logged. */
    logs,
    async set(reference: string, content: string): Promise<string> {
      const image = secretImage(parseImageReference(reference)) ?? '';
      const version = `version-${++made}`;
      const context = { image, version, createdAt: 1 };
      const keys = await readApiKeys(folder.path);
      await secrets.put(image, await sealSecret(Buffer.from(content), context, keys));
      return version;
    },
    /** A `secretEnv` as the API seals it for a job. */
    sealEnv: async (job: string, values: SecretValues) =>
      sealValues(job, values, await readApiKeys(folder.path)),
    reader: (keysFolder: string | undefined = folder.path) =>
      new SecretReader({ redis, keysFolder, logger }),
    readerWithoutKeys: () => new SecretReader({ redis, keysFolder: undefined, logger }),
    close: () => folder.remove(),
  };
}

export type TestSecrets = Awaited<ReturnType<typeof openSecrets>>;
