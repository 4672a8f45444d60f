import { z } from 'zod';
import type { ADMIN_SCHEMAS } from './admin-schemas.ts';
import { noticeEvent, outputEvent } from './event-schemas.ts';
import { job, jobList, jobReference, listedJob, runAnswer } from './job-schemas.ts';
import { SHARED_SCHEMAS, secret } from './service-schemas.ts';

/** What the API answers. */
export const API_SCHEMAS = {
  ...SHARED_SCHEMAS,
  Job: job,
  ListedJob: listedJob,
  JobList: jobList,
  JobReference: jobReference,
  RunAnswer: runAnswer,
  OutputEvent: outputEvent,
  NoticeEvent: noticeEvent,
  Secret: secret,
};

type JsonSchema = Readonly<Record<string, unknown>>;
export type SchemaName = keyof typeof API_SCHEMAS | keyof typeof ADMIN_SCHEMAS | 'JobSpec';
/** Schemas of a document by their names. */
export type NamedSchemas = Readonly<Record<string, JsonSchema>>;

export function schemaRef(name: SchemaName): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function namedSchemas(all: Readonly<Record<string, z.ZodType>>): NamedSchemas {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(all)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    ...OPTIONS,
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, withoutAddress(schema)]),
  );
}

const OPTIONS = {
  io: 'input',
  unrepresentable: 'any',
  /** What a custom check lets through says nothing, nor does a text that becomes one of some words; the schema behind it does. */
  override({ zodSchema, jsonSchema }) {
    const { def } = zodSchema._zod;
    if (def.type !== 'pipe') return;
    const { in: first, out } = def as unknown as { in: z.core.$ZodType; out: z.core.$ZodType };
    if (first._zod.def.type !== 'custom' && out._zod.def.type !== 'enum') return;
    Object.assign(jsonSchema, withoutAddress(z.toJSONSchema(out, OPTIONS)));
  },
} satisfies Parameters<typeof z.toJSONSchema>[1];

/** A document has one address and one dialect: its own. */
function withoutAddress({ $schema: _dialect, $id: _address, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
