import { ConfigError, tlsFault } from '@conjob/shared';

/**
 * What is wrong with the configuration when an engine, which is there, can't be talked to like this; null
 * for anything that may pass by itself.
 */
export function engineRefusal(error: unknown): ConfigError | null {
  const fault = tlsFault(error);
  if (fault !== null) {
    return wrong(
      'DOCKER_CERT_PATH',
      `The engine and this process do not take each other's certificates: ${fault}`,
    );
  }
  if (/HTTP request to an HTTPS server/.test((error as Error).message)) {
    return wrong(
      'DOCKER_TLS_VERIFY',
      'Must be 1, with DOCKER_CERT_PATH: the engine speaks TLS only.',
    );
  }
  return null;
}

/** One variable that turns out to be wrong when it is used. */
export function wrong(variable: string, message: string): ConfigError {
  return new ConfigError(`These environment variables are wrong:\n  ${variable}: ${message}`);
}
