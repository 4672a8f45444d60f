import type { JobSpecSchema } from '@conjob/shared';
import { z } from 'zod';
import { REQUEST_ERRORS, type RequestErrorCode } from '../http/request-errors.ts';
import { job, jobList, jobReference, listedJob, runAnswer } from './job-schemas.ts';

const time = z.iso.datetime({ precision: 3 });

const worker = z.strictObject({
  name: z.string(),
  state: z.enum(['ready', 'draining', 'unready', 'lost']),
  reason: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  engine: z.strictObject({ id: z.string(), version: z.string() }),
  slots: z.int(),
  running: z.int(),
  heartbeatAt: time,
  startedAt: time,
  version: z.string(),
  host: z.string(),
  pid: z.int(),
  clockSkewMs: z.number(),
});

const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().optional(),
  code: z.enum(Object.keys(REQUEST_ERRORS) as [RequestErrorCode]),
  hint: z.string().optional(),
  errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});

const ANSWERS = {
  Job: job,
  ListedJob: listedJob,
  JobList: jobList,
  JobReference: jobReference,
  RunAnswer: runAnswer,
  Worker: worker,
  WorkerList: z.strictObject({ workers: z.array(worker) }),
  Secret: z.strictObject({ image: z.string(), set: z.boolean(), since: time.nullable() }),
  Live: z.strictObject({ live: z.literal(true) }),
  Readiness: z.strictObject({ ready: z.boolean(), reason: z.string().optional() }),
  Problem: problem,
};

type JsonSchema = Readonly<Record<string, unknown>>;
export type SchemaName = keyof typeof ANSWERS | 'JobSpec';
/** The schemas of a document by their names, and the fields of a job spec. */
export interface NamedSchemas {
  readonly named: Readonly<Record<string, JsonSchema>>;
  readonly specFields: Readonly<Record<string, JsonSchema>>;
}

export function schemaRef(name: SchemaName): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** All schemas as JSON Schema. That of a job spec is the one that requests are checked by, with its limits. */
export function namedSchemas(specSchema: JobSpecSchema): NamedSchemas {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(ANSWERS)) registry.add(schema, { id });
  registry.add(specSchema, { id: 'JobSpec' });
  const { schemas } = z.toJSONSchema(registry, {
    ...OPTIONS,
    uri: (id) => `#/components/schemas/${id}`,
  });
  const named = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, withoutAddress(schema)]),
  );
  const { properties } = named['JobSpec'] as { properties: Record<string, JsonSchema> };
  return { named, specFields: properties };
}

const OPTIONS = {
  io: 'input',
  unrepresentable: 'any',
  /** What a custom check lets through says nothing; the schema behind it does. */
  override({ zodSchema, jsonSchema }) {
    const { def } = zodSchema._zod;
    if (def.type !== 'pipe') return;
    const { in: first, out } = def as unknown as { in: z.core.$ZodType; out: z.core.$ZodType };
    if (first._zod.def.type !== 'custom') return;
    Object.assign(jsonSchema, withoutAddress(z.toJSONSchema(out, OPTIONS)));
  },
} satisfies Parameters<typeof z.toJSONSchema>[1];

/** A document has one address and one dialect: its own. */
function withoutAddress({ $schema: _dialect, $id: _address, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
