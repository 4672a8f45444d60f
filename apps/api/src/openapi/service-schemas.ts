import { z } from 'zod';
import { REQUEST_ERRORS, type RequestErrorCode } from '../http/request-error-catalogue.ts';

const time = z.iso.datetime({ precision: 3 });

const heldNetworks = z.strictObject({ ready: z.int(), inUse: z.int() });

const worker = z.strictObject({
  name: z.string(),
  state: z.enum(['ready', 'draining', 'unready', 'lost']),
  reason: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  engine: z.strictObject({ id: z.string(), version: z.string() }),
  slots: z.int(),
  running: z.int(),
  runtime: z.string().nullable(),
  heldNetworks: z.strictObject({ none: heldNetworks, bridge: heldNetworks }).nullable(),
  heartbeatAt: time,
  startedAt: time,
  version: z.string(),
  host: z.string(),
  pid: z.int(),
  clockSkewMs: z.number(),
});

const problem = z.strictObject({
  type: z.string().meta({
    format: 'uri-reference',
    description: 'Where it is said what the code means: `/docs/errors#CODE`.',
  }),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().optional(),
  code: z.enum(Object.keys(REQUEST_ERRORS) as [RequestErrorCode]),
  hint: z.string().optional(),
  errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});

/** What both ports answer. */
export const SHARED_SCHEMAS = {
  Worker: worker,
  WorkerList: z.strictObject({ workers: z.array(worker) }),
  Live: z.strictObject({ live: z.literal(true) }),
  Readiness: z.strictObject({ ready: z.boolean(), reason: z.string().optional() }),
  Problem: problem,
};

export const secret = z.strictObject({
  image: z.string(),
  set: z.boolean(),
  since: time.nullable(),
});
