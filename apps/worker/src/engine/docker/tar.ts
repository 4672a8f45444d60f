export interface TarFile {
  /** Without a leading slash, 100 bytes at most. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

const BLOCK_BYTES = 512;

/** A tar archive (POSIX ustar) of some files, dated 1970: the same files always make the same bytes. */
export function tar(files: readonly TarFile[]): Buffer {
  const blocks = files.flatMap((file) => [header(file), file.content, padding(file.content)]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function header({ path, content, mode, uid = 0, gid = 0 }: TarFile): Buffer {
  if (Buffer.byteLength(path) > 100) throw new RangeError(`Too long for a tar header: ${path}`);
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(uid, 8), 108);
  block.write(octal(gid, 8), 116);
  block.write(octal(content.length, 12), 124);
  block.write(octal(0, 12), 136);
  // The checksum counts as spaces in itself.
  block.write('        0', 148);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)} `, 148);
  return block;
}

function padding({ length }: Buffer): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** Octal digits and a closing zero, `width` bytes in all. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}
