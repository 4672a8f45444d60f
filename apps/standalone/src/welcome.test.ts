import { expect, test } from 'vitest';
import { welcomeText } from './welcome.ts';

const WELCOME = {
  url: 'http://127.0.0.1:8080',
  adminUrl: 'http://127.0.0.1:8081',
  curl: { options: '', address: 'localhost:8080' },
  hasLogin: false,
  redis: 'private',
  engine: 'private',
  hasStarters: true,
  escapes: [],
};

test('known holes of the engine are one sentence that says where to read more', () => {
  const escapes = [
    { component: 'runc', version: '1.1.5' },
    { component: 'runc', version: '1.1.5' },
    { component: 'Engine', version: '20.10.24' },
  ];
  const lines = welcomeText({ ...WELCOME, escapes }).split('\n');
  expect(lines.filter((line) => line.includes('runc'))).toEqual([
    'Run only images that you trust: runc 1.1.5 and Engine 20.10.24 have known ways out of a container, unless patched (docs/security.md, Known holes).',
  ]);
  expect(welcomeText(WELCOME)).not.toContain('trust');
});
