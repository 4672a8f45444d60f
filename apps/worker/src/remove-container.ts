import { canonicalImage, type JobSpec, parseImageReference } from '@conjob/shared';
import type { Engine } from './engine/engine.ts';
import type { ImageHolds } from './image-holds.ts';

/** How long an image that was to go is waited for, while others are about to use it. */
const IMAGE_PATIENCE_MS = 30_000;

/**
 * Removes what a job leaves on its host: the container, and the image if the job wished so and nobody uses it. In a
 * process that also runs jobs, `holds` knows which ones are about to. False when the image was to go, and somebody
 * uses it, or it is gone already: that is no failure.
 */
export async function removeContainer(
  engine: Engine,
  { image, removeImage }: Pick<JobSpec, 'image' | 'removeImage'>,
  idOrName: string,
  holds?: ImageHolds,
): Promise<boolean> {
  await engine.remove(idOrName);
  if (!removeImage) return true;
  const remove = () => engine.removeImage(canonicalImage(parseImageReference(image)));
  if (holds === undefined) return remove();
  return (await holds.whenFree(image, IMAGE_PATIENCE_MS, remove)) ?? false;
}
