import { FIRST_POSITION, type StoredChunk } from '@conjob/shared';

/** Of each stream the beginning of a character, at most 3 bytes, that is told only as a whole. Mostly empty. */
type HeldBytes = Readonly<Record<StoredChunk['stream'], Buffer>>;

const NONE_HELD: HeldBytes = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

/**
 * How far somebody has read the events of a job: all that is needed to go on there, on any API process.
 * As text it is the id of an event.
 */
export interface EventCursor {
  readonly attempt: number;
  /** Of the last chunk of that attempt. */
  readonly position: string;
  /** Up to that chunk, and not told yet. */
  readonly held: HeldBytes;
  /** Tag of the last state that was told; empty for none. */
  readonly state: string;
  /** The end was told: nothing comes after it. */
  readonly isEnd: boolean;
}

export const FROM_THE_START: EventCursor = {
  attempt: 1,
  position: FIRST_POSITION,
  held: NONE_HELD,
  state: '',
  isEnd: false,
};

/** In no more digits than Redis surely takes: its numbers have 64 bits. */
const POSITION = '(\\d{1,19}-\\d{1,19})';
const HELD = '((?:[0-9a-f]{2}){1,3})';
const FORM = new RegExp(
  `^(\\d{1,9})\\.${POSITION}\\.(?:o${HELD}(?:-(?=e)|(?=\\.)))?(?:e${HELD})?\\.([\\w-]{0,16})(\\.end)?$`,
);

export function formatEventId({ attempt, position, held, state, isEnd }: EventCursor): string {
  const rests = [heldText('o', held.stdout), heldText('e', held.stderr)].filter(Boolean);
  return `${attempt}.${position}.${rests.join('-')}.${state}${isEnd ? '.end' : ''}`;
}

/** Null for what is no id of an event. */
export function parseEventId(text: string): EventCursor | null {
  const match = FORM.exec(text);
  if (match === null || Number(match[1]) === 0) return null;
  const [, attempt, position = '', stdout = '', stderr = '', state = '', end] = match;
  const held = { stdout: Buffer.from(stdout, 'hex'), stderr: Buffer.from(stderr, 'hex') };
  return { attempt: Number(attempt), position, held, state, isEnd: end !== undefined };
}

function heldText(stream: 'o' | 'e', bytes: Buffer): string {
  return bytes.length === 0 ? '' : stream + bytes.toString('hex');
}
