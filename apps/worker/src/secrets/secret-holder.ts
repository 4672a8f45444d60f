import type { Engine, NamedVolume } from '../engine/engine.ts';
import type { Helpers } from '../engine/helpers.ts';
import { LABELS } from '../engine/labels.ts';

/** Where a container finds its secret, as a file of this name. */
const SECRET_FOLDER = '/run/build/secrets';
const SECRET_FILE = 'secrets';

/** Readable by every user of every image, also where the engine maps users; writable by none. */
const FILE_MODE = 0o444;
const FOLDER_MODE = 0o755;
/** Memory goes by pages, which have 64 KiB on some machines; the folder takes one as well. */
const PAGE_BYTES = 64 * 1024;

type Labels = Readonly<Record<string, string>>;

export interface HeldSecret {
  /** Unique: of the volume that the secret is in. */
  readonly name: string;
  readonly content: Buffer;
  /** Of the attempt whose container gets it: job, attempt, installation, worker, lease. */
  readonly labels: Labels;
}

/** Keeps a secret in the memory of an engine, on no disk, for as long as its container may want it. */
export interface SecretHolder {
  /** Returns when it is in place. When this throws, something may be left to release. */
  hold(secret: HeldSecret): Promise<void>;
  /** Whether it has been there from then on until now. */
  isHeld(name: string): Promise<boolean>;
  /** Idempotent. The volume of a container that is still there stays, empty, until the reaper removes it. */
  release(name: string): Promise<void>;
}

/** The secret in a container: its own, and read-only. */
export function secretMount(name: string, labels: Labels): NamedVolume {
  return { ...heldVolume(name, labels, 0), isReadOnly: true };
}

/** Holds each secret by a helper of its own, which has the name of the volume. */
export class HelperSecretHolder implements SecretHolder {
  readonly #engine: Engine;
  readonly #helpers: Helpers;

  constructor(engine: Engine, helpers: Helpers) {
    this.#engine = engine;
    this.#helpers = helpers;
  }

  async hold({ name, content, labels }: HeldSecret): Promise<void> {
    const helper = await this.#helpers.start({
      name,
      labels: heldLabels(name, labels),
      network: 'none',
      volumes: [heldVolume(name, labels, content.length)],
    });
    const owner = { mode: FILE_MODE, uid: 0, gid: 0 };
    const file = { folder: SECRET_FOLDER, name: SECRET_FILE, content, ...owner };
    await this.#helpers.putFile(helper, file);
  }

  async isHeld(name: string): Promise<boolean> {
    const labels = { [LABELS.secretVolume]: name, [LABELS.holds]: 'secret' };
    const [helper] = await this.#engine.list(labels, 'unended');
    // An engine that was restarted may have given the volume up, whatever still runs.
    return helper?.status === 'running' && !(await this.#engine.wasRestartedSince(helper.id));
  }

  async release(name: string): Promise<void> {
    await this.#engine.remove(name);
    await this.#helpers.removeVolume(name);
  }
}

function heldLabels(name: string, labels: Labels): Labels {
  return { ...labels, [LABELS.holds]: 'secret', [LABELS.secretVolume]: name };
}

function heldVolume(name: string, labels: Labels, bytes: number): NamedVolume {
  const sizeBytes = (Math.ceil(bytes / PAGE_BYTES) + 1) * PAGE_BYTES;
  const memory = { sizeBytes, mode: FOLDER_MODE };
  return { name, target: SECRET_FOLDER, labels: heldLabels(name, labels), memory };
}
