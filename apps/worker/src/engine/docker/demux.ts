import type { OutputChunk } from '@conjob/shared';

const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * Splits Docker's multiplexed stream (one byte of stream, three of zero, four of length, payload)
 * into chunks of standard output and standard error. Payloads are handed on as they arrive, never
 * joined, so a frame of any size costs no memory. Throws when the stream ends inside of a frame.
 */
export async function* demux(source: AsyncIterable<Buffer>): AsyncGenerator<OutputChunk> {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerBytes = 0;
  let payloadBytes = 0;
  for await (const chunk of source) {
    let offset = 0;
    while (offset < chunk.length) {
      if (payloadBytes === 0) {
        const copied = chunk.copy(header, headerBytes, offset);
        offset += copied;
        headerBytes += copied;
        if (headerBytes < HEADER_BYTES) break;
        headerBytes = 0;
        payloadBytes = readLength(header);
        continue;
      }
      const data = chunk.subarray(offset, offset + payloadBytes);
      offset += data.length;
      payloadBytes -= data.length;
      yield { stream: header[0] === STDERR ? 'stderr' : 'stdout', data };
    }
  }
  if (headerBytes > 0 || payloadBytes > 0)
    throw new Error('the output broke off inside of a frame');
}

function readLength(header: Buffer): number {
  const stream = header[0] ?? 0;
  if (stream > STDERR || header[1] !== 0 || header[2] !== 0 || header[3] !== 0) {
    throw new Error('the output is not a multiplexed stream');
  }
  return header.readUInt32BE(4);
}
