import { defineConfig } from 'vitest/config';

/** The tests of what `pnpm mutation` mutates: none of them needs a Redis or an engine. */
export default defineConfig({
  test: {
    include: [
      'packages/shared/src/{image-reference,retry-policy}.test.ts',
      'apps/worker/src/conclusion.test.ts',
      'apps/api/src/auth/{credentials,role,basic-login}.test.ts',
    ],
  },
});
