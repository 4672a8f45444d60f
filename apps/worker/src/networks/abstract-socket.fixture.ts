import { assemble, elf } from '../engine/docker/helper-image/elf.ts';

/**
 * A program for jobs. Without an argument it listens at the abstract Unix socket of this name, says `ready`,
 * and waits; with any argument it connects to it, and ends with 0, or the number of the error: 111 where
 * nobody listens.
 */
export function abstractSocketProgram(): Buffer {
  const data = Buffer.from('\x01\0\0conjob-canaryready\n', 'latin1');
  const machine = process.arch === 'arm64' ? ARM64 : AMD64;
  return elf({ ...machine, entryOffset: 0 }, data);
}

const AMD64 = {
  number: 62,
  code: assemble(`
      48 8b 1c 24             entry:   mov    rbx,QWORD PTR [rsp]
      b8 29 00 00 00                   mov    eax,0x29          socket
      bf 01 00 00 00                   mov    edi,0x1
      be 01 00 00 00                   mov    esi,0x1
      31 d2                            xor    edx,edx
      0f 05                            syscall
      89 c5                            mov    ebp,eax
      83 fb 01                         cmp    ebx,0x1           no argument
      75 3e                            jne    connect
      b8 31 00 00 00                   mov    eax,0x31          bind
      89 ef                            mov    edi,ebp
      be 00 03 40 00                   mov    esi,0x400300
      ba 10 00 00 00                   mov    edx,0x10
      0f 05                            syscall
      b8 32 00 00 00                   mov    eax,0x32          listen
      89 ef                            mov    edi,ebp
      be 08 00 00 00                   mov    esi,0x8
      0f 05                            syscall
      b8 01 00 00 00                   mov    eax,0x1           write
      bf 01 00 00 00                   mov    edi,0x1
      be 10 03 40 00                   mov    esi,0x400310
      ba 06 00 00 00                   mov    edx,0x6
      0f 05                            syscall
      b8 22 00 00 00                   mov    eax,0x22          pause
      0f 05                            syscall
      b8 2a 00 00 00          connect: mov    eax,0x2a          connect
      89 ef                            mov    edi,ebp
      be 00 03 40 00                   mov    esi,0x400300
      ba 10 00 00 00                   mov    edx,0x10
      0f 05                            syscall
      89 c7                            mov    edi,eax
      f7 df                            neg    edi
      b8 3c 00 00 00                   mov    eax,0x3c          exit
      0f 05                            syscall
  `),
};

const ARM64 = {
  number: 183,
  code: assemble(`
      f3 03 40 f9  entry:   ldr    x19, [sp]
      c8 18 80 d2           mov    x8, #0xc6                    socket
      20 00 80 d2           mov    x0, #0x1
      21 00 80 d2           mov    x1, #0x1
      02 00 80 d2           mov    x2, #0x0
      01 00 00 d4           svc    #0x0
      f4 03 00 aa           mov    x20, x0
      7f 06 00 f1           cmp    x19, #0x1                    no argument
      e1 02 00 54           b.ne   connect
      08 19 80 d2           mov    x8, #0xc8                    bind
      e0 03 14 aa           mov    x0, x20
      01 08 a0 d2           mov    x1, #0x400000
      21 00 0c 91           add    x1, x1, #0x300
      02 02 80 d2           mov    x2, #0x10
      01 00 00 d4           svc    #0x0
      28 19 80 d2           mov    x8, #0xc9                    listen
      e0 03 14 aa           mov    x0, x20
      01 01 80 d2           mov    x1, #0x8
      01 00 00 d4           svc    #0x0
      08 08 80 d2           mov    x8, #0x40                    write
      20 00 80 d2           mov    x0, #0x1
      01 08 a0 d2           mov    x1, #0x400000
      21 40 0c 91           add    x1, x1, #0x310
      c2 00 80 d2           mov    x2, #0x6
      01 00 00 d4           svc    #0x0
      28 09 80 d2           mov    x8, #0x49                    ppoll
      00 00 80 d2           mov    x0, #0x0
      01 00 80 d2           mov    x1, #0x0
      02 00 80 d2           mov    x2, #0x0
      03 00 80 d2           mov    x3, #0x0
      01 00 00 d4           svc    #0x0
      68 19 80 d2  connect: mov    x8, #0xcb                    connect
      e0 03 14 aa           mov    x0, x20
      01 08 a0 d2           mov    x1, #0x400000
      21 00 0c 91           add    x1, x1, #0x300
      02 02 80 d2           mov    x2, #0x10
      01 00 00 d4           svc    #0x0
      e0 03 00 4b           neg    w0, w0
      a8 0b 80 d2           mov    x8, #0x5d                    exit
      01 00 00 d4           svc    #0x0
  `),
};
