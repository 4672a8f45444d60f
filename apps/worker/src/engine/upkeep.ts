/**
 * What keeping a host clean needs of its engine, beside {@link Engine}. Calls have deadlines and throw
 * `EngineError`, as there.
 */
export interface Upkeep {
  /** Milliseconds since the epoch, by the engine's clock. */
  now(): Promise<number>;
  /** All images with a name or a digest, or a container; layers of a build are not among them. */
  images(): Promise<StoredImage[]>;
  /** Named volumes that carry all these labels. */
  volumes(labels: Readonly<Record<string, string>>): Promise<StoredVolume[]>;
  hasVolume(name: string): Promise<boolean>;
  /** Containers that have the volume, whatever their state. */
  holdersOf(volume: string): Promise<VolumeHolder[]>;
  /** False when the volume is in use, or not there. */
  removeVolume(name: string): Promise<boolean>;
}

export interface StoredVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface VolumeHolder {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface StoredImage {
  readonly id: string;
  /** Canonical references that name it; empty for one known by its digest only, or not at all any more. */
  readonly tags: readonly string[];
  /** Layers that it shares with others included. */
  readonly sizeBytes: number;
  /** Whether a container was made of it, whatever its state. */
  readonly isUsed: boolean;
}
