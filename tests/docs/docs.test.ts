import { globSync, readFileSync } from 'node:fs';
import { matchesGlob, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(resolve(ROOT, path), 'utf8');
const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, name = '']) => name).toSorted();

it('.env.example names every variable of every configuration, and no other', () => {
  const configs = ['api', 'worker', 'standalone'].map((app) => read(`apps/${app}/src/config.ts`));
  configs.push(read('packages/shared/src/redis-variables.ts'));
  const variables = matches(configs.join('\n'), /^ {2,4}([A-Z][A-Z_]+): /gm);
  const documented = matches(read('.env.example'), /^([A-Z_]+)=/gm);
  expect(documented).toEqual([...new Set(variables)]);
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

it('every test that docs/security.md names is there, and each line of its threat model names one', () => {
  const page = read('docs/security.md');
  const files = globSync('{apps,packages,tests}/**/*.ts', {
    cwd: ROOT,
    exclude: ['**/node_modules'],
  });
  const named = matches(page, /`([\w./*-]+\.ts)`/g);
  const missing = named.filter((name) => !files.some((file) => matchesGlob(file, `**/${name}`)));
  expect(missing).toEqual([]);
  const [, model = ''] = page.split('| who | attack | defence | test | not covered |');
  const rows = model.split('\n\n', 1)[0]?.split('\n').slice(2) ?? [];
  expect(rows.length).toBeGreaterThan(20);
  // That something is not defended at all needs no test, but must be said.
  const bare = rows.filter((row) => !/`[^`]+\.ts`/.test(row) && !row.includes('| none: '));
  expect(bare).toEqual([]);
});

it('no lock file entry names a host', () => {
  expect(read('pnpm-lock.yaml')).not.toMatch(/https?:\/\/|tarball/);
});
