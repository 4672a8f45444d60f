import type { ContainerSpec } from '../engine.ts';
import type { FakeImage } from './fake-images.ts';

/** As Docker joins them: an entrypoint of the job also drops the image's command. */
export function commandLine(
  { entrypoint, args }: ContainerSpec,
  image: FakeImage,
): readonly string[] {
  if (entrypoint !== undefined) return [...entrypoint, ...args];
  return [...(image.entrypoint ?? []), ...(args.length > 0 ? args : (image.command ?? []))];
}
