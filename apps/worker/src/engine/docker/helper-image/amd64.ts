import { assemble, type Machine } from './elf.ts';

/** See {@link helperProgram}. Made with the GNU assembler, and to be read with `objdump -D`. */
export const AMD64: Machine = {
  number: 62,
  entryOffset: 0x9,
  code: assemble(`
      b8 3c 00 00 00         term:  mov    eax,0x3c                 exit
      31 ff                         xor    edi,edi
      0f 05                         syscall
      48 81 ec 00 20 00 00   entry: sub    rsp,0x2000
      b8 0d 00 00 00                mov    eax,0xd                  sigaction
      bf 0f 00 00 00                mov    edi,0xf                  SIGTERM
      be 00 03 40 00                mov    esi,0x400300             what to do
      31 d2                         xor    edx,edx
      41 ba 08 00 00 00             mov    r10d,0x8
      0f 05                         syscall
      31 c0                  wait:  xor    eax,eax                  read
      31 ff                         xor    edi,edi
      48 89 e6                      mov    rsi,rsp
      ba 01 00 00 00                mov    edx,0x1
      0f 05                         syscall
      83 f8 01                      cmp    eax,0x1
      0f 85 0b 01 00 00             jne    sleep
      bb 20 03 40 00                mov    ebx,0x400320
      80 3b 00               path:  cmp    BYTE PTR [rbx],0x0
      0f 84 e3 00 00 00             je     mark
      80 7b 01 65                   cmp    BYTE PTR [rbx+0x1],0x65  'e', of /etc
      75 5e                         jne    open
      b8 04 00 00 00                mov    eax,0x4                  stat
      48 89 df                      mov    rdi,rbx
      48 89 e6                      mov    rsi,rsp
      0f 05                         syscall
      31 c0                         xor    eax,eax
      48 89 44 24 48                mov    QWORD PTR [rsp+0x48],rax not when it was read
      48 89 44 24 50                mov    QWORD PTR [rsp+0x50],rax
      48 89 44 24 68                mov    QWORD PTR [rsp+0x68],rax nor ctime
      48 89 44 24 70                mov    QWORD PTR [rsp+0x70],rax
      b8 01 00 00 00                mov    eax,0x1                  write
      bf 01 00 00 00                mov    edi,0x1
      48 89 e6                      mov    rsi,rsp
      ba 90 00 00 00                mov    edx,0x90                 bytes of a struct stat
      0f 05                         syscall
      b8 c2 00 00 00                mov    eax,0xc2                 listxattr
      48 89 df                      mov    rdi,rbx
      48 89 e6                      mov    rsi,rsp
      ba 00 20 00 00                mov    edx,0x2000
      0f 05                         syscall
      85 c0                         test   eax,eax
      7e 11                         jle    open
      89 c2                         mov    edx,eax
      b8 01 00 00 00                mov    eax,0x1                  write
      bf 01 00 00 00                mov    edi,0x1
      48 89 e6                      mov    rsi,rsp
      0f 05                         syscall
      b8 02 00 00 00         open:  mov    eax,0x2                  open
      48 89 df                      mov    rdi,rbx
      31 f6                         xor    esi,esi
      0f 05                         syscall
      85 c0                         test   eax,eax
      78 61                         js     next
      89 c5                         mov    ebp,eax
      80 7b 01 65                   cmp    BYTE PTR [rbx+0x1],0x65  'e', of /etc
      75 2b                         jne    more
      31 c0                         xor    eax,eax
      48 89 04 24                   mov    QWORD PTR [rsp],rax
      b8 10 00 00 00                mov    eax,0x10                 ioctl
      89 ef                         mov    edi,ebp
      be 01 66 08 80                mov    esi,0x80086601           FS_IOC_GETFLAGS
      48 89 e2                      mov    rdx,rsp
      0f 05                         syscall
      b8 01 00 00 00                mov    eax,0x1                  write
      bf 01 00 00 00                mov    edi,0x1
      48 89 e6                      mov    rsi,rsp
      ba 08 00 00 00                mov    edx,0x8
      0f 05                         syscall
      31 c0                  more:  xor    eax,eax                  read
      89 ef                         mov    edi,ebp
      48 89 e6                      mov    rsi,rsp
      ba 00 20 00 00                mov    edx,0x2000
      0f 05                         syscall
      85 c0                         test   eax,eax
      7e 13                         jle    close
      89 c2                         mov    edx,eax
      b8 01 00 00 00                mov    eax,0x1                  write
      bf 01 00 00 00                mov    edi,0x1
      48 89 e6                      mov    rsi,rsp
      0f 05                         syscall
      eb db                         jmp    more
      b8 03 00 00 00         close: mov    eax,0x3                  close
      89 ef                         mov    edi,ebp
      0f 05                         syscall
      48 ff c3               next:  inc    rbx
      80 7b ff 00                   cmp    BYTE PTR [rbx-0x1],0x0
      75 f7                         jne    next
      e9 14 ff ff ff                jmp    path
      b8 01 00 00 00         mark:  mov    eax,0x1                  write
      bf 01 00 00 00                mov    edi,0x1
      48 8d 73 01                   lea    rsi,[rbx+0x1]
      ba 08 00 00 00                mov    edx,0x8
      0f 05                         syscall
      e9 de fe ff ff                jmp    wait
      b8 22 00 00 00         sleep: mov    eax,0x22                 pause
      0f 05                         syscall
      eb f7                         jmp    sleep
  `),
};
