/** Some bytes of one of the streams that a text is woven of. */
export interface TextPiece {
  readonly stream: string;
  readonly data: Buffer;
}

/**
 * A JSON object as bytes, piece by piece, with text in place of its field `name` that is never in
 * memory as a whole. Bytes of it that are not UTF-8 become U+FFFD; characters may span pieces, also
 * when some of another stream comes in between.
 */
export async function* jsonWithText(
  body: object,
  name: string,
  text: AsyncIterable<TextPiece>,
): AsyncGenerator<Buffer> {
  const fields = Object.entries(body);
  const at = fields.findIndex(([key]) => key === name);
  const before = members(fields.slice(0, at)).map((member) => `${member},`);
  const after = members(fields.slice(at + 1)).map((member) => `,${member}`);
  yield Buffer.from(`{${before.join('')}${JSON.stringify(name)}:"`);
  yield* escapedText(text);
  yield Buffer.from(`"${after.join('')}}`);
}

/** As JSON.stringify writes them: it leaves out what has no value. */
function members(fields: readonly (readonly [string, unknown])[]): string[] {
  return fields.flatMap((field) => {
    const object = JSON.stringify(Object.fromEntries([field]));
    return object === '{}' ? [] : [object.slice(1, -1)];
  });
}

/** The inside of a JSON string. */
async function* escapedText(pieces: AsyncIterable<TextPiece>): AsyncGenerator<Buffer> {
  const decoders = new Map<string, InstanceType<typeof TextDecoder>>();
  for await (const { stream, data } of pieces) {
    const decoder = decoders.get(stream) ?? new TextDecoder('utf-8', { ignoreBOM: true });
    decoders.set(stream, decoder);
    const text = decoder.decode(data, { stream: true });
    if (text !== '') yield escaped(text);
  }
  for (const decoder of decoders.values()) {
    const rest = decoder.decode();
    if (rest !== '') yield escaped(rest);
  }
}

/** A decoder gives whole characters only, so each piece can be escaped by itself. */
function escaped(text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1));
}
