import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { DOCUMENTS } from '../../apps/api/src/testing/openapi-documents.ts';

const CLIENT = resolve(import.meta.dirname, '../../packages/client');
const OPTIONS = [
  '--alphabetize',
  '--root-types',
  '--root-types-no-schema-prefix',
  '--default-non-nullable=false',
];

// `pnpm generate` writes the files, by this test with --update.
test.each(Object.entries(DOCUMENTS))(
  'packages/client has the types of the document: %s',
  async (name, document) => {
    const types = execFileSync(`${CLIENT}/node_modules/.bin/openapi-typescript`, OPTIONS, {
      input: JSON.stringify(document),
      encoding: 'utf8',
    });
    await expect(types).toMatchFileSnapshot(`${CLIENT}/src/generated/${name}.ts`);
  },
);
