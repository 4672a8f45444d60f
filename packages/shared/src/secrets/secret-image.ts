import { canonicalImage, type ImageReference } from '../image-reference.ts';

/**
 * The image that a secret belongs to, in its canonical form: repository and tag, whatever digest stands
 * behind them. Null for a reference without a tag: of which tag its digest is, it does not say.
 */
export function secretImage(reference: ImageReference): string | null {
  if (reference.tag === undefined) return null;
  return canonicalImage({ ...reference, digest: undefined });
}
