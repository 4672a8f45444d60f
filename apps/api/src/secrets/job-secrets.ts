import { createHmac, hkdfSync } from 'node:crypto';
import { type ApiKeys, type JobSpec, type SecretValues, sealValues } from '@conjob/shared';
import { canonicalJson, type NewJob } from '../jobs/new-job.ts';
import type { SealingKeys } from './sealing-keys.ts';

/** What of a job is written down. */
export interface SealedJob {
  readonly spec: JobSpec;
  /** Equal for jobs of the same values, and of no use to whoever has not the key of the API. */
  readonly fingerprint: string;
}

const FINGERPRINT_KEY = 'conjob fingerprint of secretEnv';
const KEY_BYTES = 32;

/** Seals the `secretEnv` of jobs, before anything of them is written. */
export class JobSecrets {
  readonly #keys: Pick<SealingKeys, 'read'>;

  constructor(keys: Pick<SealingKeys, 'read'>) {
    this.#keys = keys;
  }

  /** Throws `RequestError` when there are no keys for a job that needs them. */
  async seal(
    id: string,
    { spec, secretEnv, fingerprint }: Pick<NewJob, 'spec' | 'secretEnv' | 'fingerprint'>,
  ): Promise<SealedJob> {
    if (Object.keys(secretEnv).length === 0) return { spec, fingerprint };
    const keys = await this.#keys.read();
    return {
      spec: { ...spec, sealedEnv: await sealValues(id, secretEnv, keys) },
      fingerprint: keyedFingerprint(fingerprint, secretEnv, keys),
    };
  }
}

/** Who reads it in Redis can't try values: the key is with the APIs, and nowhere else. */
function keyedFingerprint(plain: string, values: SecretValues, { signing }: ApiKeys): string {
  const key = hkdfSync('sha256', signing.privateKey, '', FINGERPRINT_KEY, KEY_BYTES);
  const text = canonicalJson([plain, values]);
  return createHmac('sha256', Buffer.from(key)).update(text).digest('hex');
}
