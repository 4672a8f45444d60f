import { assemble, elf, type Machine } from './elf.ts';

/**
 * The program of helpers, in C:
 *
 *     sigprocmask(SIG_BLOCK, &TERM, NULL);
 *     while (sigtimedwait(&TERM, NULL, NULL) < 0) continue;
 *     exit(0);
 *
 * The kernel keeps signals from the first process of a container that it does not ask for. The set of
 * signals is the data, at 0x400200.
 */
const MACHINES: Readonly<Record<string, Machine>> = {
  amd64: {
    number: 62,
    code: assemble(`
      b8 0e 00 00 00     mov    eax, 14          sigprocmask
      31 ff              xor    edi, edi         SIG_BLOCK
      be 00 02 40 00     mov    esi, 0x400200
      31 d2              xor    edx, edx
      41 ba 08 00 00 00  mov    r10d, 8          bytes of the set
      0f 05              syscall
      b8 80 00 00 00     again: mov eax, 128     sigtimedwait
      bf 00 02 40 00     mov    edi, 0x400200
      31 f6              xor    esi, esi
      31 d2              xor    edx, edx
      41 ba 08 00 00 00  mov    r10d, 8
      0f 05              syscall
      85 c0              test   eax, eax
      78 e6              js     again
      b8 3c 00 00 00     mov    eax, 60          exit
      31 ff              xor    edi, edi
      0f 05              syscall
    `),
  },
  // Its instructions are words: little-endian, as they are in memory.
  arm64: {
    number: 183,
    code: assemble(`
      e8 10 80 d2  mov   x8, 135           sigprocmask
      00 00 80 d2  mov   x0, 0             SIG_BLOCK
      01 08 a0 d2  mov   x1, 0x400000
      01 40 80 f2  movk  x1, 0x200
      02 00 80 d2  mov   x2, 0
      03 01 80 d2  mov   x3, 8             bytes of the set
      01 00 00 d4  svc   0
      28 11 80 d2  again: mov x8, 137      sigtimedwait
      00 08 a0 d2  mov   x0, 0x400000
      00 40 80 f2  movk  x0, 0x200
      01 00 80 d2  mov   x1, 0
      02 00 80 d2  mov   x2, 0
      03 01 80 d2  mov   x3, 8
      01 00 00 d4  svc   0
      20 ff ff 37  tbnz  w0, 31, again     below zero
      a8 0b 80 d2  mov   x8, 93            exit
      00 00 80 d2  mov   x0, 0
      01 00 00 d4  svc   0
    `),
  },
};

const SIGTERM = 15;

/** As the engine calls its architecture. Undefined for one that there is no program for. */
export function helperProgram(architecture: string): Buffer | undefined {
  const machine = MACHINES[architecture];
  if (machine === undefined) return undefined;
  const signals = Buffer.alloc(8);
  signals.writeBigUInt64LE(1n << BigInt(SIGTERM - 1));
  return elf(machine, signals);
}

export const ARCHITECTURES = Object.keys(MACHINES);
