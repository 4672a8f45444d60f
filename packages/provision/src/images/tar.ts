/** One entry of an image's file tree; `path` without a leading slash. */
export type ImageFile =
  | { readonly path: string; readonly content: Buffer | string; readonly mode?: number }
  | { readonly path: string; readonly linkTo: string }
  | { readonly path: string; readonly folderMode: number };

const BLOCK_BYTES = 512;
const TYPE = { file: '0', link: '2', folder: '5' } as const;

/**
 * A tar archive (POSIX ustar) of `files`, all owned by root and dated 1970, so that the same
 * files always make the same layer. Throws on a path of more than 100 bytes.
 */
export function tar(files: Iterable<ImageFile>): Buffer {
  const blocks: Buffer[] = [];
  for (const file of files) blocks.push(...entry(file));
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function entry(file: ImageFile): Buffer[] {
  if ('linkTo' in file) return [header(file.path, TYPE.link, 0o777, 0, file.linkTo)];
  if ('folderMode' in file) return [header(`${file.path}/`, TYPE.folder, file.folderMode, 0)];
  const content = Buffer.from(file.content);
  const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return [header(file.path, TYPE.file, file.mode ?? 0o644, content.length), content, padding];
}

function header(path: string, type: string, mode: number, size: number, linkTo = ''): Buffer {
  for (const name of [path, linkTo]) {
    if (Buffer.byteLength(name) > 100) throw new RangeError(`Too long for a tar header: ${name}`);
  }
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108); // uid
  block.write(octal(0, 8), 116); // gid
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136); // mtime
  block.write(type, 156);
  block.write(linkTo, 157);
  block.write('ustar\0' + '00', 257);
  block.write(' '.repeat(8), 148); // the checksum counts its own field as blanks
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0`, 148);
  return block;
}

/** Octal digits and a closing zero, `width` bytes in all. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}
