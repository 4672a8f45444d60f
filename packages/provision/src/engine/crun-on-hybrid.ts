const BASE = 0x400000;
const CODE_OFFSET = 0x78;
const PAGE_BYTES = 0x1000;

/**
 * A program that runs crun where control groups are hybrid: version 1, and version 2 beside it with what is left.
 * crun before 1.9 then makes no container while version 2 has any controller, also one that nobody uses. So it makes
 * them in a mount namespace of its own, in which version 2 is not mounted; all else it does as it is. In C:
 *
 *     main(argc, argv, envp) {
 *       for (arg = argv + 1; *arg != 0; arg++) {
 *         if (strcmp(*arg, "create") != 0) continue;
 *         // Only where the first two have worked: else the mount of everybody would go.
 *         if (unshare(CLONE_NEWNS) == 0 && mount(0, "/", 0, MS_REC | MS_PRIVATE, 0) == 0)
 *           umount2("/sys/fs/cgroup/unified", MNT_DETACH);
 *         break;
 *       }
 *       execve(CRUN, argv, envp);
 *       exit(127);
 *     }
 *
 * A shell would take 6 ms for that, with each container; this takes 0.2. Made with the GNU assembler, and to be read with
 * `objdump -D`. The words that it uses are behind the code, at 0x400102. For amd64 only.
 */
export function crunOnHybrid(crunPath: string): Buffer {
  const words = Buffer.from(`/\0/sys/fs/cgroup/unified\0${crunPath}\0`);
  return Buffer.concat([header(), CODE, words]);
}

const CODE = assemble(`
    4c 8d 64 24 08        entry: lea    r12,[rsp+0x8]                argv
    48 8b 04 24                  mov    rax,QWORD PTR [rsp]
    4d 8d 6c c4 08               lea    r13,[r12+rax*8+0x8]          envp
    4c 89 e3                     mov    rbx,r12
    48 83 c3 08           next:  add    rbx,0x8
    48 8b 3b                     mov    rdi,QWORD PTR [rbx]
    48 85 ff                     test   rdi,rdi
    74 4f                        je     exec
    81 3f 63 72 65 61            cmp    DWORD PTR [rdi],0x61657263   crea
    75 ec                        jne    next
    81 7f 03 61 74 65 00         cmp    DWORD PTR [rdi+0x3],0x657461 ate, and the end
    75 e3                        jne    next
    b8 10 01 00 00               mov    eax,0x110                    unshare
    bf 00 00 02 00               mov    edi,0x20000                  CLONE_NEWNS
    0f 05                        syscall
    85 c0                        test   eax,eax
    75 2e                        jne    exec
    b8 a5 00 00 00               mov    eax,0xa5                     mount
    31 ff                        xor    edi,edi
    be 02 01 40 00               mov    esi,0x400102                 /
    31 d2                        xor    edx,edx
    41 ba 00 40 04 00            mov    r10d,0x44000                 MS_REC | MS_PRIVATE
    45 31 c0                     xor    r8d,r8d
    0f 05                        syscall
    85 c0                        test   eax,eax
    75 11                        jne    exec
    b8 a6 00 00 00               mov    eax,0xa6                     umount2
    bf 04 01 40 00               mov    edi,0x400104                 /sys/fs/cgroup/unified
    be 02 00 00 00               mov    esi,0x2                      MNT_DETACH
    0f 05                        syscall
    b8 3b 00 00 00        exec:  mov    eax,0x3b                     execve
    bf 1b 01 40 00               mov    edi,0x40011b                 crun
    4c 89 e6                     mov    rsi,r12
    4c 89 ea                     mov    rdx,r13
    0f 05                        syscall
    b8 3c 00 00 00               mov    eax,0x3c                     exit
    bf 7f 00 00 00               mov    edi,0x7f
    0f 05                        syscall
`);

/** The smallest one of a program that Linux runs: one segment, to be read and executed, which is the whole file. */
function header(): Buffer {
  const elf = Buffer.alloc(CODE_OFFSET);
  // 64 bits, little-endian, version 1; then an executable (2) for amd64 (62).
  elf.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  elf.writeUInt16LE(2, 0x10);
  elf.writeUInt16LE(62, 0x12);
  elf.writeUInt32LE(1, 0x14);
  elf.writeBigUInt64LE(BigInt(BASE + CODE_OFFSET), 0x18);
  elf.writeBigUInt64LE(0x40n, 0x20);
  elf.writeUInt16LE(0x40, 0x34);
  elf.writeUInt16LE(0x38, 0x36);
  elf.writeUInt16LE(1, 0x38);
  elf.writeUInt32LE(1, 0x40);
  elf.writeUInt32LE(5, 0x44);
  elf.writeBigUInt64LE(BigInt(BASE), 0x50);
  elf.writeBigUInt64LE(BigInt(BASE), 0x58);
  elf.writeBigUInt64LE(BigInt(PAGE_BYTES), 0x60);
  elf.writeBigUInt64LE(BigInt(PAGE_BYTES), 0x68);
  elf.writeBigUInt64LE(BigInt(PAGE_BYTES), 0x70);
  return elf;
}

/** The bytes of a listing: each line has them in front, in hexadecimal, and words behind two spaces. */
function assemble(listing: string): Buffer {
  const lines = listing.split('\n').map((line) => line.trim().split('  ')[0] ?? '');
  return Buffer.from(lines.join('').replaceAll(' ', ''), 'hex');
}
