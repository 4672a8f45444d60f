import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isForPart, type RegistryLogin, registryOf } from './registry-login.ts';

/** A `config.json` that can't be used. Holds nothing of what is secret in it. */
class DockerConfigError extends Error {
  override readonly name = 'DockerConfigError';
}

interface AuthEntry {
  readonly auth?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
  readonly identitytoken?: unknown;
}

/**
 * The logins in `config.json` of a folder as `docker login` writes it, by registry. Throws with one sentence
 * when there is none that can be read, or it leaves logins to a helper program.
 */
export function readDockerConfig(folder: string): ReadonlyMap<string, RegistryLogin> {
  const file = join(folder, 'config.json');
  const fail = (what: string): never => {
    throw new DockerConfigError(`${file} ${what}`);
  };
  const config = parse(file, fail);
  const { credsStore, credHelpers, auths = {} } = config;
  const helper = credsStore || (isObject(credHelpers) && Object.keys(credHelpers)[0]);
  if (helper) {
    fail('leaves logins to a helper program (credsStore, credHelpers), which workers do not run.');
  }
  if (!isObject(auths)) return fail('has no object in "auths".');
  const logins = Object.entries(auths).flatMap(([key, entry]) => {
    if (!isObject(entry)) return fail(`has no object for ${key}.`);
    // It would go to repositories that it was not given for.
    if (isForPart(key)) fail(`has a login for ${key} alone: workers have one for each registry.`);
    const login = loginOf(entry) ?? fail(`has a login for ${key} that can not be read.`);
    return [[registryOf(key), login] as const];
  });
  return new Map(logins);
}

function parse(file: string, fail: (what: string) => never): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return fail(`can not be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  try {
    const config: unknown = JSON.parse(text);
    if (isObject(config)) return config;
  } catch {
    // The parser's own words quote the text, and with it what is secret.
  }
  return fail('is no JSON object.');
}

function loginOf({
  auth,
  username,
  password,
  identitytoken,
}: AuthEntry): RegistryLogin | undefined {
  const identityToken = text(identitytoken);
  const [name, secret] = text(auth) === undefined ? [text(username), text(password)] : split(auth);
  if (name === undefined || (secret === undefined && identityToken === undefined)) return undefined;
  return { username: name, password: secret ?? '', identityToken };
}

/** `auth` is Base64 of `username:password`; the password may hold colons. */
function split(auth: unknown): [string | undefined, string | undefined] {
  const login = Buffer.from(String(auth), 'base64').toString();
  const colon = login.indexOf(':');
  if (colon < 1) return [undefined, undefined];
  return [login.slice(0, colon), text(login.slice(colon + 1))];
}

/** Undefined for what is no text, or empty. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
