/** What is shorter is not masked: it would turn up in ordinary text as well. */
export const MIN_MASKED_BYTES = 6;

/** What three bytes before it, or fewer, can do to a text in base64. */
const OFFSETS = [0, 1, 2] as const;
const BITS_PER_BYTE = 8;
const BITS_PER_DIGIT = 6;

/** Every form in which a secret value is looked for in output, each one once. */
export function maskPatterns(values: readonly string[]): Buffer[] {
  const forms = values.flatMap((value) => {
    // White space around it, as a file has at its end, says nothing.
    const text = value.trim();
    const lines = text.split(/\r?\n|\r/).map((line) => line.trim());
    const asText = [text, ...lines].filter((part) => Buffer.byteLength(part) >= MIN_MASKED_BYTES);
    const isLong = Buffer.byteLength(text) >= MIN_MASKED_BYTES;
    return [...asText, ...(isLong ? inBase64(Buffer.from(text)) : [])];
  });
  return [...new Set(forms)].map((form) => Buffer.from(form));
}

/**
 * The digits that a value has in base64 and base64url, whatever stands before and behind it there. Of its
 * first and last byte a few bits are in digits that it shares with its neighbours: these are not among them.
 */
function inBase64(value: Buffer): string[] {
  return OFFSETS.flatMap((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), value]);
    const from = Math.ceil((offset * BITS_PER_BYTE) / BITS_PER_DIGIT);
    const to = Math.floor((shifted.length * BITS_PER_BYTE) / BITS_PER_DIGIT);
    return (['base64', 'base64url'] as const).map((encoding) =>
      shifted.toString(encoding).slice(from, to),
    );
  });
}
