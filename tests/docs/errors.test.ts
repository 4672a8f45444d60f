import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_TABLES, type ErrorTable } from '../../apps/api/src/docs/error-tables.ts';

const FILE = resolve(import.meta.dirname, '../../docs/errors.md');

/** Behind the table of requests. */
const OF_REQUESTS = `\`errors[{path, message}]\` of a problem says which single fields are wrong. A text client of \`/job/run\` gets the same facts as one line.

With \`limit.…\` and \`queue.full\` there is no job; \`/job/run\` answers them as \`REJECTED\` ([api.md](api.md#limits)). After an error of
Redis, a job may exist all the same: what was under way when Redis went may have been carried out. Send an \`Idempotency-Key\`, and
repeating the request is safe.`;

/** Behind the table of jobs. */
const OF_JOBS = `The status is that of \`/job/run\`; what the conclusions mean: [api.md](api.md#conclusions). What \`retry\` names is run again by itself:
[api.md](api.md#job-spec).`;

// `pnpm generate` writes the file, by this test with --update.
it('docs/errors.md is what the catalogues say, with an anchor for each code', async () => {
  const [requests, jobs] = ERROR_TABLES.map(markdown);
  const page = [
    '# Errors',
    'Codes are stable: programs may rely on them. Texts are for people, and may change. The API has this page too, at `/docs/errors` on both of its ports.',
    requests,
    OF_REQUESTS,
    jobs,
    OF_JOBS,
  ];
  await expect(`${page.join('\n\n')}\n`).toMatchFileSnapshot(FILE);
});

function markdown({ title, about, columns, rows }: ErrorTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `## ${title}\n\n${about}\n`,
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(({ code, cells }) => line([`<a id="${code}"></a>\`${code}\``, ...cells])),
  ].join('\n');
}
