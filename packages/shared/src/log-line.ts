/** A longer line has its texts shortened: nobody reads it, and whoever collects logs may cut it anywhere. */
const MAX_LINE_CHARACTERS = 16 * 1024;
const MAX_TEXT_CHARACTERS = 1024;

/**
 * What JSON lets through and a terminal, or a reader of lines, may act on: DEL and the C1 controls, other ends
 * of lines, and what turns the direction of text.
 */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A line of the log as it is written: the same JSON, whatever callers have brought into it. */
export function safeLogLine(line: string): string {
  const short = line.length > MAX_LINE_CHARACTERS ? `${JSON.stringify(shorten(line))}\n` : line;
  return short.replace(UNSAFE, escaped);
}

function shorten(line: string): unknown {
  return JSON.parse(line, (_name, value: unknown) =>
    typeof value === 'string' && value.length > MAX_TEXT_CHARACTERS
      ? `${value.slice(0, MAX_TEXT_CHARACTERS)}… (${value.length} characters)`
      : value,
  );
}

/** Only texts have such characters, and in texts this is how JSON writes them. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
