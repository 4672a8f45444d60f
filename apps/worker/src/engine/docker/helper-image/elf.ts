/** Where the file is in memory, and where in it what the code uses is. */
const BASE = 0x400000;
const CODE_OFFSET = 0x78;
const DATA_OFFSET = 0x300;
export const CODE_ADDRESS = BASE + CODE_OFFSET;

export interface Machine {
  /** `e_machine` of ELF. */
  readonly number: number;
  /** It finds the data at 0x400300. */
  readonly code: Buffer;
  /** Where in the code the program begins. */
  readonly entryOffset: number;
}

/** The smallest static program that Linux runs: one segment, which is the whole file. */
export function elf({ number, code, entryOffset }: Machine, data: Buffer): Buffer {
  if (CODE_OFFSET + code.length > DATA_OFFSET) throw new RangeError('The code is too long');
  const file = Buffer.alloc(DATA_OFFSET + data.length);
  // 64 bits, little-endian, version 1; then an executable (2) for this machine.
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  file.writeUInt16LE(2, 0x10);
  file.writeUInt16LE(number, 0x12);
  file.writeUInt32LE(1, 0x14);
  file.writeBigUInt64LE(BigInt(CODE_ADDRESS + entryOffset), 0x18);
  // One program header, behind this one.
  file.writeBigUInt64LE(0x40n, 0x20);
  file.writeUInt16LE(0x40, 0x34);
  file.writeUInt16LE(0x38, 0x36);
  file.writeUInt16LE(1, 0x38);
  // To be loaded (1), to be read and executed (4 + 1), from the first byte, page by page.
  file.writeUInt32LE(1, 0x40);
  file.writeUInt32LE(5, 0x44);
  file.writeBigUInt64LE(BigInt(BASE), 0x50);
  file.writeBigUInt64LE(BigInt(BASE), 0x58);
  file.writeBigUInt64LE(BigInt(file.length), 0x60);
  file.writeBigUInt64LE(BigInt(file.length), 0x68);
  file.writeBigUInt64LE(0x1000n, 0x70);
  code.copy(file, CODE_OFFSET);
  data.copy(file, DATA_OFFSET);
  return file;
}

/** The bytes of a listing: each line has them in front, in hexadecimal, and words behind two spaces. */
export function assemble(listing: string): Buffer {
  const lines = listing.split('\n').map((line) => line.trim().split('  ')[0] ?? '');
  return Buffer.from(lines.join('').replaceAll(' ', ''), 'hex');
}
