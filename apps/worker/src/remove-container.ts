import { canonicalImage, type JobSpec, parseImageReference } from '@conjob/shared';
import type { Engine } from './engine/engine.ts';

/** Removes what a job leaves on its host: the container, and the image if the job wished so. */
export async function removeContainer(
  engine: Engine,
  { image, removeImage }: Pick<JobSpec, 'image' | 'removeImage'>,
  idOrName: string,
): Promise<void> {
  await engine.remove(idOrName);
  if (removeImage) await engine.removeImage(canonicalImage(parseImageReference(image)));
}
