import { expect, test } from 'vitest';
import { putSection } from './sections.ts';

test('a new section comes at the end', () => {
  const page = putSection('# Title\n', 'echo', 'figures');
  expect(page).toMatch(
    /^# Title\n\n<!-- bench:echo begin.*-->\nfigures\n<!-- bench:echo end -->\n$/,
  );
});

test('a section is replaced where it stands, and the prose around it stays', () => {
  const first = `${putSection('before\n', 'echo', 'old')}\nafter\n`;
  const second = putSection(first, 'echo', 'new');
  expect(second).toBe(first.replace('old', 'new'));
});

test('sections do not touch each other', () => {
  const page = putSection(putSection('', 'echo', 'one'), 'cpu', 'two');
  expect(putSection(page, 'echo', 'three')).toBe(page.replace('one', 'three'));
});

test('replacement patterns of JavaScript are only text', () => {
  expect(putSection(putSection('', 'echo', 'x'), 'echo', "$& $' $1")).toContain("$& $' $1");
});

test('a page with half of a pair of markers is refused', () => {
  expect(() => putSection('<!-- bench:echo end -->', 'echo', 'x')).toThrow('broken');
});
