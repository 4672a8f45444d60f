import { createHash } from 'node:crypto';
import { callEngine } from '../engine/engine-api.ts';
import { type ImageFile, tar } from './tar.ts';

/** The engine did not take an image. */
export class ImageImportError extends Error {
  override readonly name = 'ImageImportError';
}

/** The part of an OCI image configuration that says how to run it. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

export interface NewImage {
  /** `name:tag`. */
  readonly tag: string;
  readonly config: ImageConfig;
}

/**
 * Gives an engine images that share one layer of `files`, without any registry. The same files
 * and configuration always make the same image; a tag that exists is moved.
 * Throws `ImageImportError` with the engine's own words.
 */
export async function importImages(
  socketPath: string,
  files: readonly ImageFile[],
  images: readonly NewImage[],
): Promise<void> {
  const { status, body } = await callEngine(socketPath, '/images/load?quiet=1', {
    method: 'POST',
    tar: archive(tar(files), images),
  });
  // A failure after the first byte of progress comes as a line of a reply of status 200.
  const failure = body.split('\n').find((line) => /"(error|message)"\s*:/.test(line));
  if (status !== 200 || failure !== undefined) {
    const tags = images.map(({ tag }) => tag).join(', ');
    throw new ImageImportError(`The engine refused the image ${tags}: ${failure ?? body}`);
  }
}

/** Whether the engine has an image of that name. */
export async function hasImage(socketPath: string, tag: string): Promise<boolean> {
  const { status } = await callEngine(socketPath, `/images/${tag}/json`);
  return status === 200;
}

/** The form of `docker save`: a manifest, the layer, and one configuration for each image. */
function archive(layer: Buffer, images: readonly NewImage[]): Buffer {
  const configs = images.map(({ config }) => JSON.stringify(imageDocument(layer, config)));
  const names = configs.map((config) => `${sha256(config)}.json`);
  const manifest = images.map(({ tag }, index) => ({
    Config: names[index],
    RepoTags: [tag],
    Layers: ['layer.tar'],
  }));
  const documents = new Map(names.map((name, index) => [name, configs[index] ?? '']));
  return tar([
    { path: 'manifest.json', content: JSON.stringify(manifest) },
    { path: 'layer.tar', content: layer },
    ...[...documents].map(([path, content]) => ({ path, content })),
  ]);
}

function imageDocument(layer: Buffer, config: ImageConfig): object {
  return {
    os: 'linux',
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    created: '1970-01-01T00:00:00Z',
    config: { Env: ['PATH=/bin'], ...config },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'ConJob' }],
  };
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}
