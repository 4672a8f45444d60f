import { canonicalImage, imageRepository, type JobSpec, parseImageReference } from '@conjob/shared';
import { type Engine, EngineError, type LocalImage, type PullOptions } from './engine/engine.ts';

export interface ObtainedImage {
  /** Names exactly this image on this engine, also when its tag moves on. */
  readonly id: string;
  /** The digest by which registries know it; empty for an image that never was in one. */
  readonly digest: string;
  readonly user: LocalImage['user'];
  readonly volumes: LocalImage['volumes'];
}

type ImageWish = Pick<JobSpec, 'image' | 'pull' | 'platform' | 'pullTimeoutSeconds'>;

/** Makes sure that the engine has the image, by the job's pull policy. Throws {@link EngineError}. */
export async function obtainImage(
  engine: Engine,
  wish: ImageWish,
  signal: AbortSignal,
  onProgress?: PullOptions['onProgress'],
): Promise<ObtainedImage> {
  const local = wish.pull === 'always' ? null : await findSuitable(engine, wish);
  if (local) return obtained(local, wish.image);
  if (wish.pull === 'never') {
    throw new EngineError('image.not_local', `no image ${wish.image} on this host`);
  }
  await pull(engine, wish, signal, onProgress);
  const pulled = await engine.findImage(canonicalImage(parseImageReference(wish.image)));
  if (pulled === null)
    throw new EngineError('image.not_local', 'the image was gone after its pull');
  if (!suits(pulled, wish.platform)) throw wrongPlatform(pulled, wish);
  return obtained(pulled, wish.image);
}

async function findSuitable(engine: Engine, wish: ImageWish): Promise<LocalImage | null> {
  const image = await engine.findImage(canonicalImage(parseImageReference(wish.image)));
  if (image === null || suits(image, wish.platform)) return image;
  if (wish.pull === 'never') throw wrongPlatform(image, wish);
  return null;
}

async function pull(
  engine: Engine,
  wish: ImageWish,
  signal: AbortSignal,
  onProgress: PullOptions['onProgress'],
): Promise<void> {
  const deadline = AbortSignal.timeout(wish.pullTimeoutSeconds * 1000);
  try {
    await engine.pull(canonicalImage(parseImageReference(wish.image)), {
      platform: wish.platform,
      onProgress,
      signal: AbortSignal.any([signal, deadline]),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw error;
    throw new EngineError('pull.timed_out', `after ${wish.pullTimeoutSeconds} seconds`);
  }
}

/** `linux/arm` suits an image for `linux/arm/v7`. */
function suits(image: LocalImage, platform: string | undefined): boolean {
  return (
    platform === undefined ||
    image.platform === platform ||
    image.platform.startsWith(`${platform}/`)
  );
}

function wrongPlatform(image: LocalImage, wish: ImageWish): EngineError {
  return new EngineError(
    'image.wrong_platform',
    `${wish.image} is for ${image.platform}, not ${wish.platform}`,
  );
}

function obtained(image: LocalImage, reference: string): ObtainedImage {
  const repository = imageRepository(parseImageReference(reference));
  const digests = image.repoDigests.map((repoDigest) => {
    const [name = '', digest = ''] = repoDigest.split('@');
    return { repository: imageRepository(parseImageReference(name)), digest };
  });
  const own = digests.find((candidate) => candidate.repository === repository);
  const { id, user, volumes } = image;
  return { id, digest: own?.digest ?? '', user, volumes };
}
