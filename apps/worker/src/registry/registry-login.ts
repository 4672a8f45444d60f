import { DEFAULT_REGISTRY } from '@conjob/shared';

export interface RegistryLogin {
  readonly username: string;
  /** Empty with an identity token. */
  readonly password: string;
  /** What some registries give out in place of the password. */
  readonly identityToken: string | undefined;
}

const DEFAULT_REGISTRY_NAMES = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** The registry that a key of `auths` means: a host with its port, or a URL, as older clients wrote it. */
export function registryOf(key: string): string {
  const host = key
    .replace(/^https?:\/\//i, '')
    .replace(/\/.*$/s, '')
    .toLowerCase();
  return DEFAULT_REGISTRY_NAMES.includes(host) ? DEFAULT_REGISTRY : host;
}

/**
 * Whether a key of `auths` is for a part of a registry, as some clients write it. The `/v1/` and `/v2/` of older
 * ones mean all of it.
 */
export function isForPart(key: string): boolean {
  const [, ...path] = key
    .replace(/^https?:\/\//i, '')
    .replace(/\/+$/, '')
    .split('/');
  return path.length > 0 && !/^v[12]$/.test(path.join('/'));
}

/** How engines and clients call the default registry where they speak of logins. */
const DEFAULT_SERVER_ADDRESS = 'https://index.docker.io/v1/';

/** As the engine takes it, for one registry alone. */
export function authConfig(registry: string, login: RegistryLogin) {
  const { username, password, identityToken } = login;
  return {
    username,
    password,
    serveraddress: registry === DEFAULT_REGISTRY ? DEFAULT_SERVER_ADDRESS : registry,
    ...(identityToken === undefined ? {} : { identitytoken: identityToken }),
  };
}
