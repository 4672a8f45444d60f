/** Labels on whatever a worker makes. What is not labelled is never touched. */
export const LABELS = {
  job: 'conjob.job',
  attempt: 'conjob.attempt',
  /** Which ConJob: several, each with its own Redis, may share an engine. */
  installation: 'conjob.installation',
  /** Name of the worker that made it. Whose it is now, the ledger says. */
  worker: 'conjob.worker',
  /** How long its worker may be silent, in milliseconds: for a reaper that can not ask Redis. */
  leaseMs: 'conjob.lease-ms',
  /** How it is confined. */
  profile: 'conjob.profile',
  /** Image reference as the caller wrote it: the container itself only knows the image's id. */
  image: 'conjob.image',
  /** How long the container is kept after its end, in seconds; 0 for not at all. */
  keepSeconds: 'conjob.keep-seconds',
  /** Present when the image is to be removed with the container. */
  removeImage: 'conjob.remove-image',
  /** On a helper, and on its volume: what it holds, like a secret. The container of a job has none. */
  holds: 'conjob.holds',
  /** Name of the volume with the secret of the container. */
  secretVolume: 'conjob.secret-volume',
  /** On the image of helpers: its version. */
  helper: 'conjob.helper',
  /** On a volume: the canonical reference of the image whose Docker cache it is. */
  cacheOf: 'conjob.cache-of',
  /** On helpers, instead of `installation`: they are nobody's job. */
  helperOf: 'conjob.helper-of',
  /** Which held network a helper is, and a job is in. */
  network: 'conjob.network',
  /** On the image by which it is tried whether the disk has space. */
  spaceProbe: 'conjob.space-probe',
} as const;
