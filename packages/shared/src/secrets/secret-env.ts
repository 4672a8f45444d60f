import { open, seal } from './seal.ts';
import type { SealedSecret } from './sealed-secret.ts';
import type { ApiKeys, WorkerKeys } from './secret-keys.ts';

/**
 * One value of a job's `secretEnv`, as the spec of the job has it: a {@link SealedSecret} as JSON, in base64. What it
 * is bound to is not in it: who opens it must know that.
 */
export interface SealedValue {
  readonly body: string;
  readonly signature: string;
  readonly dataKeys: Readonly<Record<string, string>>;
}

export type SecretValues = Readonly<Record<string, string>>;
export type SealedValues = Readonly<Record<string, SealedValue>>;

/** Of one job: names, and bytes of all values together. */
export const MAX_SECRET_VARIABLES = 64;
export const MAX_SECRET_ENV_BYTES = 64 * 1024;

/** Seals each value for this job, and for the variable of this name. */
export async function sealValues(
  job: string,
  values: SecretValues,
  keys: ApiKeys,
): Promise<SealedValues> {
  const sealed = Object.entries(values).map(async ([name, value]) => {
    const content = Buffer.from(value);
    try {
      return [name, written(await seal(content, contextOf(job, name), keys))] as const;
    } finally {
      content.fill(0);
    }
  });
  return Object.fromEntries(await Promise.all(sealed));
}

/** The values of this job. Throws `UnreadableSecretError`, also when one belongs to another job or name. */
export async function openValues(
  job: string,
  values: SealedValues,
  keys: WorkerKeys,
): Promise<SecretValues> {
  // Another job, or name, gives another context, which was not signed.
  const expected = { isMeant: () => true, otherwise: '' };
  const opened = Object.entries(values).map(async ([name, value]) => {
    const content = await open(read(value, contextOf(job, name)), expected, keys);
    try {
      return [name, content.toString('utf8')] as const;
    } finally {
      content.fill(0);
    }
  });
  return Object.fromEntries(await Promise.all(opened));
}

const FORMAT = ['conjob-secret-env', 1] as const;

/** One text for each variable of each job; no secret of an image has such a one. */
function contextOf(job: string, name: string): string {
  return JSON.stringify([...FORMAT, job, name]);
}

function written({ body, signature, dataKeys }: SealedSecret): SealedValue {
  return {
    body: body.toString('base64'),
    signature: signature.toString('base64'),
    dataKeys: Object.fromEntries(
      Object.entries(dataKeys).map(([id, box]) => [id, box.toString('base64')]),
    ),
  };
}

function read({ body, signature, dataKeys }: SealedValue, context: string): SealedSecret {
  return {
    context,
    body: Buffer.from(body, 'base64'),
    signature: Buffer.from(signature, 'base64'),
    dataKeys: Object.fromEntries(
      Object.entries(dataKeys).map(([id, box]) => [id, Buffer.from(box, 'base64')]),
    ),
  };
}
