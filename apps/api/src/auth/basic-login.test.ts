import { expect, test } from 'vitest';
import { basicLogin, isLogin } from './basic-login.ts';

const login = basicLogin('ci', 'p:w');

test('a login is its name and its password, and keeps only a hash of them', () => {
  expect(isLogin(login, Buffer.from('ci:p:w'))).toBe(true);
  expect(login.username).toBe('ci');
  expect(login.digest.toString('hex')).toBe(
    '0438b7420e34c1e59d9c9b43fdfa686976aa8ded34ddb592188fc060c061038c',
  );
});

test.each(['ci:p:W', 'ci:p:w ', 'CI:p:w', 'ci:p', 'ci:', ':p:w', '', 'ci:p:w\0'])(
  'is not %j',
  (sent) => {
    expect(isLogin(login, Buffer.from(sent))).toBe(false);
  },
);
