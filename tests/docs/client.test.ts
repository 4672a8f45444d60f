import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { jobSpecSchema } from '@conjob/shared';
import { expect, test } from 'vitest';
import { adminDocument } from '../../apps/api/src/openapi/admin-document.ts';
import { apiDocument } from '../../apps/api/src/openapi/api-document.ts';

const CLIENT = resolve(import.meta.dirname, '../../packages/client');
const OPTIONS = [
  '--alphabetize',
  '--root-types',
  '--root-types-no-schema-prefix',
  '--default-non-nullable=false',
];

const SPEC = jobSpecSchema({
  maxTimeoutSeconds: 1800,
  maxKillTimeoutSeconds: 10,
  maxRetentionSeconds: 604_800,
  defaultRetentionSeconds: 86_400,
  defaultNetwork: 'bridge',
});

// `pnpm generate` writes the files, by this test with --update.
test.each([
  ['api', apiDocument(SPEC)],
  ['admin', adminDocument()],
] as const)('packages/client has the types of the document: %s', async (name, document) => {
  const types = execFileSync(`${CLIENT}/node_modules/.bin/openapi-typescript`, OPTIONS, {
    input: JSON.stringify(document),
    encoding: 'utf8',
  });
  await expect(types).toMatchFileSnapshot(`${CLIENT}/src/generated/${name}.ts`);
});
