import { searchPath } from '../binaries/find-binary.ts';

/**
 * What a child may know of our environment: enough to find programs, a home and a proxy.
 * The rest stays here: our own settings may hold passwords, and NOTIFY_SOCKET would let a
 * daemon report "ready" in our name.
 */
const HANDED_DOWN = ['HOME', 'LANG', 'TMPDIR', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

export function childEnvironment(): Record<string, string> {
  const names = [...HANDED_DOWN, ...HANDED_DOWN.map((name) => name.toLowerCase())];
  const env: Record<string, string> = { PATH: searchPath() };
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
