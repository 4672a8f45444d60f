import type { VolumeOutcome } from '@conjob/shared';
import { z } from 'zod';
import { ROLES } from '../auth/role.ts';
import { SHARED_SCHEMAS } from './service-schemas.ts';

const time = z.iso.datetime({ precision: 3 });

const token = z.strictObject({
  name: z.string(),
  role: z.enum(ROLES),
  createdAt: time,
  expiresAt: time.nullable().meta({ description: 'Null: never.' }),
  lastUsedAt: time.nullable().meta({ description: 'To the minute.' }),
});

const OUTCOMES = { removed: 0, absent: 0, in_use: 0, not_ours: 0, failed: 0 } satisfies Record<
  VolumeOutcome,
  0
>;

const volume = z.strictObject({
  id: z.string().meta({ description: 'As it was asked for.' }),
  volume: z.string().meta({ description: 'Its full name.' }),
  outcome: z.enum(Object.keys(OUTCOMES) as [VolumeOutcome]),
  containers: z.array(z.string()),
  reason: z.string().nullable(),
});

const workerVolumes = z.strictObject({
  worker: z.string(),
  answered: z.boolean(),
  volumes: z.array(volume),
  reason: z.string().nullable(),
});

const check = z.strictObject({ healthy: z.boolean(), message: z.string() });

/** What the admin port answers. */
export const ADMIN_SCHEMAS = {
  ...SHARED_SCHEMAS,
  Token: token,
  TokenList: z.strictObject({ tokens: z.array(token) }),
  NewToken: token.extend({ token: z.string() }),
  VolumeRemovals: z.strictObject({ complete: z.boolean(), workers: z.array(workerVolumes) }),
  Health: z.strictObject({ version: check, redis: check, workers: check }),
};
