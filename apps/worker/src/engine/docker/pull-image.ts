import type { Readable } from 'node:stream';
import { InvalidImageReferenceError, parseImageReference } from '@conjob/shared';
import type Docker from 'dockerode';
import { authConfig, type RegistryLogin } from '../../registry/registry-login.ts';
import type { PullOptions } from '../engine.ts';
import { toEngineError } from './docker-errors.ts';
import { readPullProgress } from './pull-progress.ts';

/** The login for a registry, which is the domain of an image reference. */
export type LoginOf = (registry: string) => RegistryLogin | undefined;

/** Pulls an image whole, with the login for its registry: the engine sends that nowhere else. */
export async function pullImage(
  docker: Docker,
  reference: string,
  { platform, signal, onProgress }: PullOptions,
  loginOf: LoginOf,
): Promise<void> {
  try {
    // `fromImage` alone would fetch every tag: the engine takes the whole reference as it is.
    const options = {
      fromImage: reference,
      abortSignal: signal,
      ...(platform ? { platform } : {}),
    };
    const body = await docker.createImage(authFor(reference, loginOf), options);
    await readPullProgress(body as unknown as Readable, onProgress);
  } catch (error) {
    signal.throwIfAborted();
    throw toEngineError(error, 'pull');
  }
}

function authFor(reference: string, loginOf: LoginOf): object {
  try {
    const { domain } = parseImageReference(reference);
    const login = loginOf(domain);
    return login === undefined ? {} : authConfig(domain, login);
  } catch (error) {
    // The engine says what is wrong with it.
    if (error instanceof InvalidImageReferenceError) return {};
    throw error;
  }
}
