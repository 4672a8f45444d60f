import { expect, test } from 'vitest';
import { type Access, ROLES, type Role, strictest, suffices } from './role.ts';

test.each<[Role, Access[]]>([
  ['read', ['public', 'read']],
  ['submit', ['public', 'read', 'submit']],
  ['admin', ['public', 'read', 'submit', 'admin']],
])('%s suffices for %j, and for nothing else', (role, enough) => {
  const all: Access[] = ['public', ...ROLES];
  expect(all.filter((needed) => suffices(role, needed))).toEqual(enough);
});

test.each<[Access[], Access]>([
  [['public'], 'public'],
  [['read', 'public'], 'read'],
  [['submit', 'read'], 'submit'],
  [['read', 'admin', 'submit'], 'admin'],
  // Whoever forgets to say what is needed lets nobody in.
  [[], 'admin'],
])('the strictest of %j is %s', (all, strict) => {
  expect(strictest(all)).toBe(strict);
});
