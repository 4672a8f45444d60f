const HEADER_BYTES = 8;

/** The text in an attach stream: one frame after the other, each with a header before it. */
export async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const payloads: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const start = offset + HEADER_BYTES;
    offset = start + bytes.readUInt32BE(offset + 4);
    payloads.push(bytes.subarray(start, offset));
  }
  return Buffer.concat(payloads).toString();
}

/** How many bytes came, headers included: what a reader that does nothing else can take. */
export async function countBytes(stream: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}
