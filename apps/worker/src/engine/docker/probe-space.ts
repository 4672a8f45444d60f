import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type Docker from 'dockerode';
import { LABELS } from '../labels.ts';
import { absentAsNull } from './absent-as-null.ts';
import { withDeadline } from './deadline.ts';
import { tar } from './tar.ts';

/** One name for all workers: one that died in between leaves one image, and not more and more. */
const SPACE_PROBE = 'conjob-space-probe';
/** An engine with less space than this runs no job worth its name. */
const PROBE_BYTES = 16 * 1024 * 1024;

/**
 * Imports an image of so many bytes and removes it again. To make a volume would be less work, but says
 * less: on some file systems (tmpfs, XFS) that succeeds on a full disk.
 */
export async function probeSpace(docker: Docker, deadlineMs: number): Promise<void> {
  const remove = (image: string) =>
    absentAsNull(
      withDeadline(deadlineMs, 'other', (abortSignal) =>
        docker.getImage(image).remove({ force: true, abortSignal }),
      ),
    );
  // Else the new one would take its name, and leave it without.
  await remove(SPACE_PROBE);
  const id = await withDeadline(deadlineMs, 'create', async (abortSignal) => {
    const changes = `LABEL ${LABELS.spaceProbe}=true`;
    const options = { repo: SPACE_PROBE, changes, abortSignal };
    const body = await docker.importImage(Readable.from([archive()]) as never, options);
    return readImport(body as unknown as Readable);
  });
  await remove(id);
}

/** The id of the image. An error may come as a message inside of a successful answer. */
async function readImport(body: Readable): Promise<string> {
  const lines = String(Buffer.concat(await body.toArray()))
    .trim()
    .split('\n');
  const { status = '', error } = JSON.parse(lines.at(-1) ?? '') as Record<string, string>;
  if (error !== undefined) throw Object.assign(new Error(error), { statusCode: 500 });
  return status;
}

/** Zeros take as much space on the disk as anything else. */
function archive(): Buffer {
  return gzipSync(tar([{ path: 'space', content: Buffer.alloc(PROBE_BYTES), mode: 0o644 }]));
}
