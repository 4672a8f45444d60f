import { FIRST_POSITION, type StoredChunk } from '@conjob/shared';

/** The beginning of a character, at most 3 bytes, that is told only as a whole. */
interface HeldBytes {
  readonly stream: StoredChunk['stream'];
  readonly bytes: Buffer;
}

/**
 * How far somebody has read the events of a job: all that is needed to go on there, on any API process.
 * As text it is the id of an event.
 */
export interface EventCursor {
  readonly attempt: number;
  /** Of the last chunk of that attempt. */
  readonly position: string;
  /** Of that chunk, and not told yet. */
  readonly held: HeldBytes | null;
  /** Tag of the last state that was told; empty for none. */
  readonly state: string;
  /** The end was told: nothing comes after it. */
  readonly isEnd: boolean;
}

export const FROM_THE_START: EventCursor = {
  attempt: 1,
  position: FIRST_POSITION,
  held: null,
  state: '',
  isEnd: false,
};

/** In no more digits than Redis surely takes: its numbers have 64 bits. */
const FORM =
  /^(\d{1,9})\.(\d{1,19}-\d{1,19})\.(?:([oe])((?:[0-9a-f]{2}){1,3}))?\.([\w-]{0,16})(\.end)?$/;

export function formatEventId({ attempt, position, held, state, isEnd }: EventCursor): string {
  const rest =
    held === null ? '' : `${held.stream === 'stdout' ? 'o' : 'e'}${held.bytes.toString('hex')}`;
  return `${attempt}.${position}.${rest}.${state}${isEnd ? '.end' : ''}`;
}

/** Null for what is no id of an event. */
export function parseEventId(text: string): EventCursor | null {
  const match = FORM.exec(text);
  if (match === null || Number(match[1]) === 0) return null;
  const [, attempt, position = '', stream, hex = '', state = '', end] = match;
  const bytes = Buffer.from(hex, 'hex');
  const held =
    hex === '' ? null : ({ stream: stream === 'o' ? 'stdout' : 'stderr', bytes } as const);
  return { attempt: Number(attempt), position, held, state, isEnd: end !== undefined };
}
