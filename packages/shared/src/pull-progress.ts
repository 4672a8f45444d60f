/** How far the pull of an image is. Layers that the host has already count as done, and have no bytes. */
export interface PullProgress {
  readonly layers: number;
  readonly layersDone: number;
  /** Downloaded so far, of the layers whose size is known by now. */
  readonly bytes: number;
  readonly totalBytes: number;
}
