import { type ImagePolicy, imageRefusal } from '@conjob/shared';
import { EngineError } from './engine/engine.ts';

/**
 * Throws {@link EngineError} `image.not_allowed` for an image that may not be run here. Comes before anybody
 * asks a registry: the name of an image can be the address of anything.
 */
export function refuseImage(image: string, policy: ImagePolicy): void {
  const refusal = imageRefusal(image, policy);
  if (refusal !== null) throw new EngineError('image.not_allowed', refusal);
}
