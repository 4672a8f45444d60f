import type { PullProgress } from '@conjob/shared';

/** A line of an engine's answer to a pull. */
export interface PullMessage {
  readonly status?: string;
  /** Of the layer that it is about. */
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

interface Layer {
  bytes: number;
  totalBytes: number;
  isDone: boolean;
}

/** What an engine says of a layer when it has it, from now on or before. */
const DONE = new Set(['Pull complete', 'Already exists']);
const KNOWN = new Set([
  'Pulling fs layer',
  'Waiting',
  'Downloading',
  'Verifying Checksum',
  'Download complete',
  'Extracting',
  ...DONE,
]);

/** Adds up what an engine tells of each layer of an image. */
export class PulledLayers {
  readonly #layers = new Map<string, Layer>();

  get progress(): PullProgress {
    const layers = [...this.#layers.values()];
    const sum = (of: (layer: Layer) => number) => layers.reduce((all, one) => all + of(one), 0);
    return {
      layers: layers.length,
      layersDone: sum(({ isDone }) => (isDone ? 1 : 0)),
      bytes: sum(({ bytes }) => bytes),
      totalBytes: sum(({ totalBytes }) => totalBytes),
    };
  }

  /** False when the message is not about a layer. */
  take({ status = '', id, progressDetail }: PullMessage): boolean {
    if (id === undefined || !KNOWN.has(status)) return false;
    const layer = this.#layers.get(id) ?? { bytes: 0, totalBytes: 0, isDone: false };
    this.#layers.set(id, layer);
    if (status === 'Downloading' && progressDetail?.total !== undefined) {
      layer.bytes = progressDetail.current ?? 0;
      layer.totalBytes = progressDetail.total;
    }
    if (status === 'Download complete' || DONE.has(status)) layer.bytes = layer.totalBytes;
    layer.isDone ||= DONE.has(status);
    return true;
  }
}
