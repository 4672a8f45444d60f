import type { Say } from '../binaries/ensure-binaries.ts';
import { busyboxFiles } from './busybox-files.ts';
import { hasImage, importImages, type NewImage } from './import-images.ts';

const HELLO = `
Hello from ConJob!

This job went all the way:
 1. the API took your request and put the job into a queue,
 2. a worker took it from there and made a container of this image,
 3. the container ran this one command, and ended,
 4. the worker sent its output back to you.

Give the job a command of your own and it runs that instead: the image holds
a shell and the usual small tools.
`;

/** Images to try ConJob with, where there is no registry to pull from. */
const STARTERS: readonly NewImage[] = [
  { tag: 'conjob/hello:latest', config: { Cmd: ['cat', '/hello.txt'] } },
  { tag: 'conjob/echo:latest', config: { Entrypoint: ['echo'] } },
];

/**
 * Gives the engine `conjob/hello` and `conjob/echo`, unless it has them. Returns their names.
 * Throws `MissingBinaryError` (busybox), `ImageImportError`.
 */
export async function importStarterImages(
  socketPath: string,
  options: { readonly say?: Say } = {},
): Promise<string[]> {
  const tags = STARTERS.map(({ tag }) => tag);
  const present = await Promise.all(tags.map((tag) => hasImage(socketPath, tag)));
  if (present.includes(false)) {
    const greeting = { path: 'hello.txt', content: HELLO.trimStart() };
    await importImages(socketPath, [...(await busyboxFiles(options)), greeting], STARTERS);
  }
  return tags;
}
