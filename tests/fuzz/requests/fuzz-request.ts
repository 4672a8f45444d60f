import type { Who } from '../support/logins.ts';

/** A request as it was made up. Where it has no bytes of its own, it is a proper one. */
export interface FuzzRequest {
  readonly port: 'api' | 'admin';
  readonly method: string;
  /** As the document has it: `/jobs/{id}`. */
  readonly template: string;
  /** With `{id}` wherever the id of a job that was made before is to be. */
  readonly target: string;
  /** Whose login is sent with it, unless its headers have one that was made up. */
  readonly who: Who;
  /** Which of those jobs. */
  readonly pick: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
  /** What becomes of its bytes on their way; empty for a proper request. */
  readonly damages: readonly Damage[];
}

/** Of the bytes from a place (0 to 1 of the whole) on. */
export interface Damage {
  readonly kind: 'insert' | 'delete' | 'repeat' | 'flip' | 'cut' | 'bare-lf';
  readonly place: number;
  readonly length: number;
  readonly text: string;
}

/** The bytes of the request, with an id in place of each `{id}`. */
export function bytesOf(request: FuzzRequest, id: string): Buffer {
  const { method, headers, body } = request;
  const lines = [
    `${method} ${targetOf(request, id)} HTTP/1.1`,
    'Host: localhost',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
    '',
    '',
  ];
  const whole = Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), body ?? Buffer.alloc(0)]);
  return request.damages.reduce<Buffer>(damaged, whole);
}

export function targetOf({ target }: FuzzRequest, id: string): string {
  return target.replaceAll('{id}', id);
}

function damaged(bytes: Buffer, { kind, place, length, text }: Damage): Buffer {
  const at = Math.floor(place * bytes.length);
  const [before, part, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + length),
    bytes.subarray(at + length),
  ];
  switch (kind) {
    case 'insert':
      return Buffer.concat([before, Buffer.from(text, 'latin1'), part, after]);
    case 'delete':
      return Buffer.concat([before, after]);
    case 'repeat':
      return Buffer.concat([before, part, part, after]);
    case 'flip':
      return Buffer.concat([before, part.map((byte) => byte ^ (1 << (length % 8))), after]);
    case 'cut':
      return before;
    case 'bare-lf':
      return Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  }
}
