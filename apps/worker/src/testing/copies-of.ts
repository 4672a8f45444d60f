import type { OutputChunk } from '@conjob/shared';

/** What a store keeps of chunks whose memory is used again. */
export function copiesOf(chunks: readonly OutputChunk[]): OutputChunk[] {
  return chunks.map(({ stream, data }) => ({ stream, data: Buffer.from(data) }));
}
