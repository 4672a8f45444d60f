import { assemble, type Machine } from './elf.ts';

/** See {@link helperProgram}. Words are little-endian. Made with the GNU assembler, and to be read with `objdump -D`. */
export const ARM64: Machine = {
  number: 183,
  entryOffset: 0xc,
  code: assemble(`
      a8 0b 80 d2  term:  mov    x8, #0x5d             exit
      00 00 80 d2         mov    x0, #0x0
      01 00 00 d4         svc    #0x0
      ff 63 40 d1  entry: sub    sp, sp, #0x18, lsl #12
      c8 10 80 d2         mov    x8, #0x86             sigaction
      e0 01 80 d2         mov    x0, #0xf              SIGTERM
      01 08 a0 d2         mov    x1, #0x400000
      21 00 0c 91         add    x1, x1, #0x300        what to do
      02 00 80 d2         mov    x2, #0x0
      03 01 80 d2         mov    x3, #0x8
      01 00 00 d4         svc    #0x0
      e8 07 80 d2  wait:  mov    x8, #0x3f             read
      00 00 80 d2         mov    x0, #0x0
      e1 03 00 91         mov    x1, sp
      22 00 80 d2         mov    x2, #0x1
      01 00 00 d4         svc    #0x0
      1f 04 00 71         cmp    w0, #0x1
      21 0a 00 54         b.ne   sleep
      f5 03 00 91         mov    x21, sp               where the look ends
      13 08 a0 d2         mov    x19, #0x400000
      73 82 0c 91         add    x19, x19, #0x320
      61 02 40 39  path:  ldrb   w1, [x19]
      41 07 00 34         cbz    w1, mark
      61 06 40 39         ldrb   w1, [x19, #1]
      3f 94 01 71         cmp    w1, #0x65             'e', of /etc
      41 02 00 54         b.ne   open
      e8 09 80 d2         mov    x8, #0x4f             fstatat
      60 0c 80 92         mov    x0, #-100             AT_FDCWD
      e1 03 13 aa         mov    x1, x19
      e2 03 15 aa         mov    x2, x21
      03 00 80 d2         mov    x3, #0x0
      01 00 00 d4         svc    #0x0
      bf fe 04 a9         stp    xzr, xzr, [x21, #72]  not when it was read
      bf fe 06 a9         stp    xzr, xzr, [x21, #104] nor ctime
      b5 02 02 91         add    x21, x21, #0x80       bytes of a struct stat
      68 01 80 d2         mov    x8, #0xb              listxattr
      e0 03 13 aa         mov    x0, x19
      e1 03 15 aa         mov    x1, x21
      02 00 84 d2         mov    x2, #0x2000
      01 00 00 d4         svc    #0x0
      1f 00 00 71         cmp    w0, #0x0
      4d 00 00 54         b.le   open
      b5 02 00 8b         add    x21, x21, x0
      08 07 80 d2  open:  mov    x8, #0x38             openat
      60 0c 80 92         mov    x0, #-100             AT_FDCWD
      e1 03 13 aa         mov    x1, x19
      02 00 80 d2         mov    x2, #0x0
      01 00 00 d4         svc    #0x0
      a0 03 f8 37         tbnz   w0, #31, next
      f4 03 00 aa         mov    x20, x0
      61 06 40 39         ldrb   w1, [x19, #1]
      3f 94 01 71         cmp    w1, #0x65             'e', of /etc
      21 01 00 54         b.ne   more
      bf 02 00 f9         str    xzr, [x21]
      a8 03 80 d2         mov    x8, #0x1d             ioctl
      e0 03 14 aa         mov    x0, x20
      21 c0 8c d2         mov    x1, #0x6601
      01 01 b0 f2         movk   x1, #0x8008, lsl #16  FS_IOC_GETFLAGS
      e2 03 15 aa         mov    x2, x21
      01 00 00 d4         svc    #0x0
      b5 22 00 91         add    x21, x21, #0x8
      e1 33 40 91  more:  add    x1, sp, #0xc, lsl #12
      bf 02 01 eb         cmp    x21, x1
      49 00 00 54         b.ls   take
      15 00 00 94         bl     say
      e8 07 80 d2  take:  mov    x8, #0x3f             read
      e0 03 14 aa         mov    x0, x20
      e1 03 15 aa         mov    x1, x21
      02 00 84 d2         mov    x2, #0x2000
      01 00 00 d4         svc    #0x0
      1f 00 00 71         cmp    w0, #0x0
      6d 00 00 54         b.le   close
      b5 02 00 8b         add    x21, x21, x0
      f4 ff ff 17         b      more
      28 07 80 d2  close: mov    x8, #0x39             close
      e0 03 14 aa         mov    x0, x20
      01 00 00 d4         svc    #0x0
      61 16 40 38  next:  ldrb   w1, [x19], #1
      e1 ff ff 35         cbnz   w1, next
      c6 ff ff 17         b      path
      61 12 40 f8  mark:  ldur   x1, [x19, #1]
      a1 02 00 f9         str    x1, [x21]
      b5 22 00 91         add    x21, x21, #0x8
      02 00 00 94         bl     say
      b7 ff ff 17         b      wait
      f6 03 00 91  say:   mov    x22, sp
      08 08 80 d2  rest:  mov    x8, #0x40             write
      20 00 80 d2         mov    x0, #0x1
      e1 03 16 aa         mov    x1, x22
      a2 02 16 cb         sub    x2, x21, x22
      01 00 00 d4         svc    #0x0
      1f 00 00 f1         cmp    x0, #0x0
      8d 00 00 54         b.le   said
      d6 02 00 8b         add    x22, x22, x0
      df 02 15 eb         cmp    x22, x21
      e3 fe ff 54         b.cc   rest
      f5 03 00 91  said:  mov    x21, sp
      c0 03 5f d6         ret
      28 09 80 d2  sleep: mov    x8, #0x49             ppoll
      00 00 80 d2         mov    x0, #0x0
      01 00 80 d2         mov    x1, #0x0
      02 00 80 d2         mov    x2, #0x0
      03 00 80 d2         mov    x3, #0x0
      01 00 00 d4         svc    #0x0
      fa ff ff 17         b      sleep
  `),
};
