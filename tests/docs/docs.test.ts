import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { JOB_ERRORS } from '@conjob/shared';
import { expect, it } from 'vitest';
import { REQUEST_ERRORS } from '../../apps/api/src/http/request-errors.ts';

const read = (path: string) => readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8');
const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, name = '']) => name).toSorted();

it('.env.example names every variable of every configuration, and no other', () => {
  const configs = ['api', 'worker', 'standalone'].map((app) => read(`apps/${app}/src/config.ts`));
  configs.push(read('packages/shared/src/redis-variables.ts'));
  const variables = matches(configs.join('\n'), /^ {2,4}([A-Z][A-Z_]+): /gm);
  const documented = matches(read('.env.example'), /^([A-Z_]+)=/gm);
  expect(documented).toEqual([...new Set(variables)]);
});

it('docs/errors.md lists every error code with its text, and no other', () => {
  const jobRows = Object.entries(JOB_ERRORS).map(
    ([code, { message, hint }]) => `| \`${code}\` | ${message} | ${hint ?? ''} |`,
  );
  const requestRows = Object.entries(REQUEST_ERRORS).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  );
  const rows = read('docs/errors.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows).toEqual([...requestRows, ...jobRows]);
});

it('docs/docker-compose.md describes every variable of docker-compose.yml', () => {
  const variables = matches(read('docker-compose.yml'), /(?:\$\{|^ {6})([A-Z_]+):(?:-|$)/gm);
  const described = matches(read('docs/docker-compose.md'), /`([A-Z_]+)`/g);
  expect(variables).not.toEqual([]);
  expect(described).toEqual(expect.arrayContaining(variables));
});

it('each fault row that a promise names stands in the table of docs/reliability.md', () => {
  const page = read('docs/reliability.md');
  const linked = matches(read('README.md') + page, /#row-(\d+)/g);
  expect(linked).not.toEqual([]);
  expect(matches(page, /<a id="row-(\d+)">/g)).toEqual(expect.arrayContaining(linked));
});

it('no lock file entry names a host', () => {
  expect(read('pnpm-lock.yaml')).not.toMatch(/https?:\/\/|tarball/);
});
