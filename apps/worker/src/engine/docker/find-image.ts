import type Docker from 'dockerode';
import type { LocalImage } from '../engine.ts';
import { absentAsNull } from './absent-as-null.ts';
import { withDeadline } from './deadline.ts';
import { dial } from './dial.ts';

interface ImageInfo {
  readonly Id: string;
  readonly RepoDigests: readonly string[] | null;
  readonly Os: string;
  readonly Architecture: string;
  readonly Variant?: string;
  readonly Config?: {
    readonly User?: string;
    readonly Volumes?: Readonly<Record<string, unknown>> | null;
  } | null;
}

export async function findImage(
  docker: Docker,
  reference: string,
  deadlineMs: number,
): Promise<LocalImage | null> {
  const image = await absentAsNull(
    withDeadline(deadlineMs, 'image', (abortSignal) =>
      // The client's own inspection of images can't be given up.
      dial<ImageInfo>(docker.modem, {
        path: `/images/${reference}/json`,
        method: 'GET',
        abortSignal,
        statusCodes: { 200: true, 404: 'no such image', 500: 'server error' },
      }),
    ),
  );
  if (image === null) return null;
  return {
    id: image.Id,
    repoDigests: image.RepoDigests ?? [],
    platform: [image.Os, image.Architecture, image.Variant].filter(Boolean).join('/'),
    user: image.Config?.User ?? '',
    volumes: Object.keys(image.Config?.Volumes ?? {}),
  };
}
