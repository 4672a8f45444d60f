import { randomUUID } from 'node:crypto';
import type { Claim, SecretValues } from '@conjob/shared';
import { type ContainerDefaults, ownerLabels } from '../container-spec.ts';
import { EngineError, type NamedVolume } from '../engine/engine.ts';
import { orAbort } from '../or-abort.ts';
import { SecretError } from './secret-error.ts';
import { type SecretHolder, secretMount } from './secret-holder.ts';
import type { SecretReader } from './secret-reader.ts';

export interface AttemptSecretDependencies {
  readonly secrets: Pick<SecretReader, 'read' | 'readEnv'>;
  readonly secretHolder: SecretHolder;
  readonly defaults: ContainerDefaults;
}

/** What an attempt was given. */
export interface GivenSecret {
  readonly version: string;
  readonly mount: NamedVolume;
}

export interface AttemptSecretOptions {
  /** Is told of the values that the container gets, before it gets them. */
  readonly onValues?: (values: SecretValues) => void;
  /** Name of the volume that an earlier process has given to the container. */
  readonly adopted?: string | undefined;
}

/**
 * The secrets of one attempt, from the key to the end: that of its image, and its `secretEnv`. A container whose image has one is not started
 * without it: whoever starts it checks before and after that it has been there all the time.
 */
export class AttemptSecret {
  readonly #deps: AttemptSecretDependencies;
  readonly #claim: Claim;
  #name: string | undefined;
  #given: GivenSecret | null | undefined;
  #values: SecretValues | undefined;
  readonly #onValues: AttemptSecretOptions['onValues'];

  constructor(
    dependencies: AttemptSecretDependencies,
    claim: Claim,
    { onValues, adopted }: AttemptSecretOptions = {},
  ) {
    this.#deps = dependencies;
    this.#claim = claim;
    this.#name = adopted;
    this.#onValues = onValues;
  }

  /** Opens its `secretEnv`, once. Throws {@link SecretError}. */
  async openEnv(signal: AbortSignal): Promise<SecretValues> {
    if (this.#values === undefined) {
      this.#values = await orAbort(signal, this.#deps.secrets.readEnv(this.#claim));
      this.#onValues?.(this.#values);
    }
    return this.#values;
  }

  /** Puts it into the engine, once. Null when the image has none. Throws {@link SecretError}. */
  async give(signal: AbortSignal): Promise<GivenSecret | null> {
    if (this.#given === undefined) this.#given = await this.#give(signal);
    return this.#given;
  }

  /** Throws {@link SecretError} when it is not where the container looks for it. */
  async check(): Promise<void> {
    if (this.#name === undefined || (await this.#deps.secretHolder.isHeld(this.#name))) return;
    throw new SecretError('what held it on the Docker host was ended');
  }

  /** Once the container has ended, or will not be started. */
  async release(): Promise<void> {
    if (this.#name !== undefined) await this.#deps.secretHolder.release(this.#name);
  }

  async #give(signal: AbortSignal): Promise<GivenSecret | null> {
    const { secrets, secretHolder, defaults } = this.#deps;
    const secret = await orAbort(signal, secrets.read(this.#claim.spec.image));
    if (secret === null) return null;
    const { version, content } = secret;
    const labels = ownerLabels(this.#claim, defaults);
    // Not to be guessed: a volume that is there already is never taken for it.
    const name = `conjob-secret-${randomUUID()}`;
    this.#name = name;
    try {
      await secretHolder.hold({ name, content, labels });
    } catch (error) {
      throw notOfTheJob(error);
    } finally {
      content.fill(0);
    }
    return { version, mount: secretMount(name, labels) };
  }
}

/** What an engine says of a helper does not hold for the container of the job. */
function notOfTheJob(error: unknown): unknown {
  if (!(error instanceof EngineError) || error.code.startsWith('engine.')) return error;
  return new EngineError('engine.failed', error.message, { cause: error });
}
