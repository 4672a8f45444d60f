import { createHash } from 'node:crypto';
import { LABELS } from '../../labels.ts';
import { tar } from '../tar.ts';
import { ARCHITECTURES, helperProgram } from './program.ts';

const PROGRAM = 'helper';
/** The image is another one whenever its program is. */
const VERSION = sha256(
  Buffer.concat(ARCHITECTURES.flatMap((name) => helperProgram(name) ?? [])),
).slice(0, 12);

/** The name of the image: the same on each engine, and with each process of this version of ConJob. */
export const HELPER_IMAGE = `conjob/helper:${VERSION}`;

/**
 * The image, as `docker save` writes images. All of it is given, also its time: whoever loads it gets the
 * same one, so that to load it twice, or at once, is as good as once.
 */
export function helperArchive(architecture: string): Buffer | undefined {
  const program = helperProgram(architecture);
  if (program === undefined) return undefined;
  const layer = tar([{ path: PROGRAM, content: program, mode: 0o755 }]);
  const created = '1970-01-01T00:00:00Z';
  const config = json({
    os: 'linux',
    architecture,
    created,
    config: { Entrypoint: [`/${PROGRAM}`], Labels: { [LABELS.helper]: VERSION } },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created, created_by: 'ConJob' }],
  });
  const configName = `${sha256(config)}.json`;
  const manifest = [{ Config: configName, RepoTags: [HELPER_IMAGE], Layers: ['layer.tar'] }];
  const entries = { 'manifest.json': json(manifest), [configName]: config, 'layer.tar': layer };
  return tar(Object.entries(entries).map(([path, content]) => ({ path, content, mode: 0o644 })));
}

function json(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
