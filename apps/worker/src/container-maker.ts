import type { AttemptFacts, Claim } from '@conjob/shared';
import type { AttemptProgress } from './attempt-progress.ts';
import { containerSpec } from './container-spec.ts';
import { type ContainerId, type ContainerSpec, EngineError } from './engine/engine.ts';
import { type ObtainedImage, obtainImage } from './obtain-image.ts';
import { PullNotes } from './pull-notes.ts';
import { refuseImage } from './refuse-image.ts';
import type { RunJobDependencies } from './run-job.ts';
import type { AttemptSecret } from './secrets/attempt-secret.ts';
import type { StopSignal } from './stop-reason.ts';

/** How often an image is fetched that somebody removes before there is a container of it. */
const IMAGE_TRIES = 5;
const IMAGE_REMOVED = 'the image was removed again and again before a container was made of it';

/** What an attempt has, for its container to be made. */
export interface ContainerMakerParts {
  readonly claim: Claim;
  readonly stop: StopSignal;
  readonly secret: AttemptSecret;
  readonly progress: AttemptProgress;
  readonly create: (spec: ContainerSpec) => Promise<ContainerId>;
}

/** Makes the container of an attempt: gets its image, decides what confines it, gives it its secret. */
export class ContainerMaker {
  readonly #deps: RunJobDependencies;
  readonly #parts: ContainerMakerParts;
  #facts: AttemptFacts = {};

  constructor(dependencies: RunJobDependencies, parts: ContainerMakerParts) {
    this.#deps = dependencies;
    this.#parts = parts;
  }

  /** What is known of the container before it is started. */
  get facts(): AttemptFacts {
    return this.#facts;
  }

  /** Throws `EngineError`, `SecretError`, `StoppedError` or `FencedError`. A container may be left then. */
  make(): Promise<ContainerId> {
    const { imageHolds } = this.#deps;
    return imageHolds.hold(this.#parts.claim.spec.image, () => this.#makeOnceObtained());
  }

  async #makeOnceObtained(): Promise<ContainerId> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#makeOf(await this.#obtainImage());
      } catch (error) {
        // A reaper, a worker beside this one or an operator may have removed the image in between.
        const wasRemoved = error instanceof EngineError && error.code === 'image.not_local';
        if (!wasRemoved || this.#parts.claim.spec.pull === 'never') throw error;
        if (tries === IMAGE_TRIES) throw new EngineError('engine.failed', IMAGE_REMOVED);
      }
    }
  }

  async #obtainImage(): Promise<ObtainedImage> {
    const { engine, images } = this.#deps;
    const { claim, stop, progress } = this.#parts;
    refuseImage(claim.spec.image, images);
    const notes = new PullNotes((pull) =>
      progress.advance('claimed', 'pulling', { progress: pull }),
    );
    const obtaining = obtainImage(engine, claim.spec, stop.signal, notes.note);
    const image = await obtaining.finally(() => notes.end());
    progress.pulled();
    return image;
  }

  async #makeOf(image: ObtainedImage): Promise<ContainerId> {
    const { defaults, sandboxOf, noteUses } = this.#deps;
    const { claim, stop, secret: secrets, progress, create } = this.#parts;
    const sandbox = sandboxOf(claim.spec, image);
    return progress.creating(async () => {
      const env = await secrets.openEnv(stop.signal);
      const secret = await secrets.give(stop.signal);
      const opened = { env, volume: secret?.mount };
      const spec = containerSpec(claim, image.id, sandbox, defaults, opened);
      this.#facts = {
        imageDigest: image.digest,
        sandbox: spec.sandbox,
        secretVersion: secret?.version ?? '',
      };
      noteUses(spec);
      const container = await create(spec);
      progress.pass('created');
      return container;
    });
  }
}
