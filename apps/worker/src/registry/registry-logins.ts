import { DEFAULT_REGISTRY, type Logger } from '@conjob/shared';
import { readDockerConfig } from './docker-config.ts';
import type { RegistryLogin } from './registry-login.ts';

export interface LoginSources {
  /** For the default registry; goes before the file's. */
  readonly defaultLogin: { readonly username: string; readonly password: string } | undefined;
  /** Folder with a `config.json`. */
  readonly configFolder: string | undefined;
}

/** A login, and where it is from, for people. */
export interface KnownLogin extends RegistryLogin {
  readonly registry: string;
  readonly source: string;
}

/**
 * The logins of this worker, each for one registry. The file is read anew for each pull, since many logins
 * last for hours only; while it can't be read, what it said last counts.
 */
export class RegistryLogins {
  readonly #sources: LoginSources;
  readonly #logger: Logger;
  #fromFile: ReadonlyMap<string, RegistryLogin> = new Map();

  constructor(sources: LoginSources, logger: Logger) {
    this.#sources = sources;
    this.#logger = logger;
  }

  /** `registry`: the domain of an image reference. */
  of(registry: string): RegistryLogin | undefined {
    return this.all().find((login) => login.registry === registry.toLowerCase());
  }

  all(): KnownLogin[] {
    const { defaultLogin, configFolder } = this.#sources;
    const known = [...this.#read()].map(([registry, login]) => {
      return { ...login, registry, source: `DOCKER_CONFIG (${configFolder})` };
    });
    if (defaultLogin === undefined) return known;
    const source = 'DOCKER_USERNAME, DOCKER_PASSWORD';
    const own = { ...defaultLogin, identityToken: undefined, registry: DEFAULT_REGISTRY, source };
    return [own, ...known.filter(({ registry }) => registry !== DEFAULT_REGISTRY)];
  }

  #read(): ReadonlyMap<string, RegistryLogin> {
    const { configFolder } = this.#sources;
    if (configFolder === undefined) return this.#fromFile;
    try {
      this.#fromFile = readDockerConfig(configFolder);
    } catch (error) {
      this.#logger.warn({ reason: (error as Error).message }, 'the last known logins are used');
    }
    return this.#fromFile;
  }
}
