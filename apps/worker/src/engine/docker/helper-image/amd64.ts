import { assemble, type Machine } from './elf.ts';

/** See {@link helperProgram}. Made with the GNU assembler, and to be read with `objdump -D`. */
export const AMD64: Machine = {
  number: 62,
  entryOffset: 0x9,
  code: assemble(`
      b8 3c 00 00 00           term:  mov    eax,0x3c                 exit
      31 ff                           xor    edi,edi
      0f 05                           syscall
      48 81 ec 00 80 01 00     entry: sub    rsp,0x18000
      b8 0d 00 00 00                  mov    eax,0xd                  sigaction
      bf 0f 00 00 00                  mov    edi,0xf                  SIGTERM
      be 00 03 40 00                  mov    esi,0x400300             what to do
      31 d2                           xor    edx,edx
      41 ba 08 00 00 00               mov    r10d,0x8
      0f 05                           syscall
      31 c0                    wait:  xor    eax,eax                  read
      31 ff                           xor    edi,edi
      48 89 e6                        mov    rsi,rsp
      ba 01 00 00 00                  mov    edx,0x1
      0f 05                           syscall
      83 f8 01                        cmp    eax,0x1
      0f 85 10 01 00 00               jne    sleep
      49 89 e4                        mov    r12,rsp                  where the look ends
      bb 20 03 40 00                  mov    ebx,0x400320
      80 3b 00                 path:  cmp    BYTE PTR [rbx],0x0
      0f 84 bc 00 00 00               je     mark
      80 7b 01 65                     cmp    BYTE PTR [rbx+0x1],0x65  'e', of /etc
      75 43                           jne    open
      b8 04 00 00 00                  mov    eax,0x4                  stat
      48 89 df                        mov    rdi,rbx
      4c 89 e6                        mov    rsi,r12
      0f 05                           syscall
      31 c0                           xor    eax,eax
      49 89 44 24 48                  mov    QWORD PTR [r12+0x48],rax not when it was read
      49 89 44 24 50                  mov    QWORD PTR [r12+0x50],rax
      49 89 44 24 68                  mov    QWORD PTR [r12+0x68],rax nor ctime
      49 89 44 24 70                  mov    QWORD PTR [r12+0x70],rax
      49 81 c4 90 00 00 00            add    r12,0x90                 bytes of a struct stat
      b8 c2 00 00 00                  mov    eax,0xc2                 listxattr
      48 89 df                        mov    rdi,rbx
      4c 89 e6                        mov    rsi,r12
      ba 00 20 00 00                  mov    edx,0x2000
      0f 05                           syscall
      85 c0                           test   eax,eax
      7e 03                           jle    open
      49 01 c4                        add    r12,rax
      b8 02 00 00 00           open:  mov    eax,0x2                  open
      48 89 df                        mov    rdi,rbx
      31 f6                           xor    esi,esi
      0f 05                           syscall
      85 c0                           test   eax,eax
      78 55                           js     next
      89 c5                           mov    ebp,eax
      80 7b 01 65                     cmp    BYTE PTR [rbx+0x1],0x65  'e', of /etc
      75 1b                           jne    more
      31 c0                           xor    eax,eax
      49 89 04 24                     mov    QWORD PTR [r12],rax
      b8 10 00 00 00                  mov    eax,0x10                 ioctl
      89 ef                           mov    edi,ebp
      be 01 66 08 80                  mov    esi,0x80086601           FS_IOC_GETFLAGS
      4c 89 e2                        mov    rdx,r12
      0f 05                           syscall
      49 83 c4 08                     add    r12,0x8
      48 8d 84 24 00 c0 00 00  more:  lea    rax,[rsp+0xc000]
      49 39 c4                        cmp    r12,rax
      76 05                           jbe    take
      e8 44 00 00 00                  call   say
      31 c0                    take:  xor    eax,eax                  read
      89 ef                           mov    edi,ebp
      4c 89 e6                        mov    rsi,r12
      ba 00 20 00 00                  mov    edx,0x2000
      0f 05                           syscall
      85 c0                           test   eax,eax
      7e 05                           jle    close
      49 01 c4                        add    r12,rax
      eb d7                           jmp    more
      b8 03 00 00 00           close: mov    eax,0x3                  close
      89 ef                           mov    edi,ebp
      0f 05                           syscall
      48 ff c3                 next:  inc    rbx
      80 7b ff 00                     cmp    BYTE PTR [rbx-0x1],0x0
      75 f7                           jne    next
      e9 3b ff ff ff                  jmp    path
      48 8b 43 01              mark:  mov    rax,QWORD PTR [rbx+0x1]
      49 89 04 24                     mov    QWORD PTR [r12],rax
      49 83 c4 08                     add    r12,0x8
      e8 05 00 00 00                  call   say
      e9 06 ff ff ff                  jmp    wait
      4c 8d 6c 24 08           say:   lea    r13,[rsp+0x8]
      b8 01 00 00 00           rest:  mov    eax,0x1                  write
      bf 01 00 00 00                  mov    edi,0x1
      4c 89 ee                        mov    rsi,r13
      4c 89 e2                        mov    rdx,r12
      4c 29 ea                        sub    rdx,r13
      0f 05                           syscall
      48 85 c0                        test   rax,rax
      7e 08                           jle    said
      49 01 c5                        add    r13,rax
      4d 39 e5                        cmp    r13,r12
      72 de                           jb     rest
      4c 8d 64 24 08           said:  lea    r12,[rsp+0x8]
      c3                              ret
      b8 22 00 00 00           sleep: mov    eax,0x22                 pause
      0f 05                           syscall
      eb f7                           jmp    sleep
  `),
};
