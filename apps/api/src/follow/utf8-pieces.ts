import { isUtf8 } from 'node:buffer';

export interface Pieces {
  /** What can be told now: whole characters, or bytes that are not UTF-8. Can be empty. */
  readonly ready: Buffer;
  /** The beginning of a character, at most 3 bytes, whose rest is still to come. */
  readonly held: Buffer;
}

/** Cuts bytes so that no character is broken. Nothing is held back of what is no UTF-8 anyway. */
export function cutBetweenCharacters(bytes: Buffer): Pieces {
  const end = bytes.length - bytesOfBegunCharacter(bytes);
  const ready = bytes.subarray(0, end);
  return isUtf8(ready)
    ? { ready, held: bytes.subarray(end) }
    : { ready: bytes, held: Buffer.alloc(0) };
}

const MAX_CHARACTER_BYTES = 4;

/** How many bytes at the end begin a character and do not end it. */
function bytesOfBegunCharacter(bytes: Buffer): number {
  for (let back = 1; back < MAX_CHARACTER_BYTES && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    const isContinuation = (byte & 0b1100_0000) === 0b1000_0000;
    if (!isContinuation) return characterBytes(byte) > back ? back : 0;
  }
  return 0;
}

/** Length of a character by its first byte (RFC 3629); 1 for what can't be one. */
function characterBytes(first: number): number {
  if (first >= 0xf0 && first <= 0xf4) return 4;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xc2 && first <= 0xdf ? 2 : 1;
}
