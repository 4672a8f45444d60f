import { AMD64 } from './amd64.ts';
import { ARM64 } from './arm64.ts';
import { CODE_ADDRESS, elf, type Machine } from './elf.ts';
import { END_OF_LOOK, LOOKED_AT } from './looked-at.ts';

const MACHINES: Readonly<Record<string, Machine>> = { amd64: AMD64, arm64: ARM64 };

/**
 * The program of helpers, in C. It waits, ends when it is told to, and tells what it sees whenever it is
 * asked to, by a byte on its standard input:
 *
 *     void term() { exit(0); }
 *     main() {
 *       sigaction(SIGTERM, {term});        // the first process of a container gets no signal that it does not ask for
 *       while (read(0, buffer, 1) == 1) {
 *         end = buffer;
 *         for (path = PATHS; *path != 0; path += strlen(path) + 1) {
 *           if (path[1] == 'e') {          // "/etc/…": also what else there is to change of a file
 *             stat(path, end);
 *             end->st_atime = 0;           // but to read it is no change,
 *             end->st_ctime = 0;           // and the engine sets its owner whenever a container joins
 *             end += sizeof(struct stat);
 *             if ((n = listxattr(path, end, 8192)) > 0) end += n;
 *           }
 *           if ((file = open(path, O_RDONLY)) < 0) continue;
 *           if (path[1] == 'e') {
 *             ioctl(file, FS_IOC_GETFLAGS, end);
 *             end += 8;
 *           }
 *           for (;;) {
 *             if (end > buffer + 0xc000) say();   // mostly all of it goes out at once: each piece wakes up three processes
 *             if ((n = read(file, end, 8192)) <= 0) break;
 *             end += n;
 *           }
 *           close(file);
 *         }
 *         *end = END_OF_LOOK;
 *         end += 8;
 *         say();                           // write(1, buffer, end - buffer), and from the beginning again
 *       }
 *       for (;;) pause();                  // nobody can ask any more
 *     }
 *
 * The listings of its two forms begin with `term`, at 0x400078; the data is at 0x400300: the 32 bytes that
 * sigaction takes, then the paths. `architecture` is as engines call it; undefined when there is no form for it.
 */
export function helperProgram(architecture: string): Buffer | undefined {
  const machine = MACHINES[architecture];
  return machine && elf(machine, Buffer.concat([sigaction(), paths()]));
}

export const ARCHITECTURES = Object.keys(MACHINES);

/** Required on amd64, to return from a handler: this one never returns. */
const SA_RESTORER = 0x04000000n;

/** As the kernel takes it: handler, flags, restorer, mask. */
function sigaction(): Buffer {
  const action = Buffer.alloc(32);
  action.writeBigUInt64LE(BigInt(CODE_ADDRESS));
  action.writeBigUInt64LE(SA_RESTORER, 8);
  return action;
}

/** One after the other, each with a closing zero; then an empty one, and the mark. */
function paths(): Buffer {
  return Buffer.from(`${LOOKED_AT.map((path) => `${path}\0`).join('')}\0${END_OF_LOOK}`);
}
