/** A request for a path that only a part of another request asks for: whoever serves it was taken in. */
export const SMUGGLED_PATH = '/workers/smuggled';
const SMUGGLED = `GET ${SMUGGLED_PATH} HTTP/1.1\r\nHost: conjob\r\n\r\n`;

export interface Ambiguous {
  readonly name: string;
  readonly bytes: string;
}

const RUN = 'POST /job/run?image=echo HTTP/1.1';

/** A request with these header lines behind Host; whatever ends a line is in them. */
function post(headers: readonly string[], body: string, line = RUN): string {
  return [line, 'Host: conjob', ...headers, '', body].join('\r\n');
}

const CHUNKED_END = '0\r\n\r\n';
const BODY = `${CHUNKED_END}${SMUGGLED}`;
const LENGTH = `Content-Length: ${BODY.length}`;
const withLength = (...headers: string[]) => post([LENGTH, ...headers], BODY);
const chunked = (body: string) => post(['Transfer-Encoding: chunked'], body);
const ofLength = (value: string) => post([`Content-Length: ${value}`], `hello${SMUGGLED}`);

/** Two lengths: one of them ends the request before what is smuggled, the other one behind it. */
const LENGTH_AND_CHUNKED: Record<string, string> = {
  'CL.TE': withLength('Transfer-Encoding: chunked'),
  'TE.CL': post(['Transfer-Encoding: chunked', 'Content-Length: 4'], `5c\r\n${SMUGGLED}`),
  'TE in capitals': withLength('TRANSFER-ENCODING: CHUNKED'),
  'TE that is not known': withLength('Transfer-Encoding: xchunked'),
  'TE in quotes': withLength('Transfer-Encoding: "chunked"'),
  'TE with a space before the colon': withLength('Transfer-Encoding : chunked'),
  'TE with a tab before the colon': withLength('Transfer-Encoding\t: chunked'),
  'TE behind a tab': withLength('Transfer-Encoding:\tchunked'),
  'TE behind a vertical tab': withLength('Transfer-Encoding:\x0bchunked'),
  'TE before a NUL': withLength('Transfer-Encoding: chunked\0'),
  'TE behind a bare LF': withLength('X: x\nTransfer-Encoding: chunked'),
  'TE behind a bare CR': withLength('X: x\rTransfer-Encoding: chunked'),
  'TE on a folded line': withLength('Transfer-Encoding:\r\n chunked'),
  'TE as a fold of another header': withLength('X: x\r\n Transfer-Encoding: chunked'),
  'TE twice': withLength('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'),
  'TE chunked, then identity': withLength('Transfer-Encoding: chunked, identity'),
  'TE identity, then chunked': withLength('Transfer-Encoding: identity, chunked'),
  'TE without a value': withLength('Transfer-Encoding:'),
  'TE in HTTP/1.0': post(
    ['Connection: keep-alive', LENGTH, 'Transfer-Encoding: chunked'],
    BODY,
    RUN.replace('1.1', '1.0'),
  ),
  'TE with a letter of another alphabet': withLength('Tran\u017ffer-Encoding: chunked'),
};

const ENCODINGS_ALONE: Record<string, string> = {
  'only a TE that is not known': post(['Transfer-Encoding: xchunked'], BODY),
  'only TE identity': post(['Transfer-Encoding: identity'], BODY),
  'only TE chunked, then gzip': post(['Transfer-Encoding: chunked, gzip'], BODY),
  'only TE chunked twice': post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], BODY),
  'only TE gzip, then chunked': post(['Transfer-Encoding: gzip, chunked'], BODY),
  'only TE in HTTP/1.0': post(
    ['Connection: keep-alive', 'Transfer-Encoding: chunked'],
    BODY,
    RUN.replace('1.1', '1.0'),
  ),
};

const LENGTHS: Record<string, string> = {
  'two lengths': post([`Content-Length: 5`, LENGTH], `hello${SMUGGLED}`),
  'one length twice': post(['Content-Length: 5', 'Content-Length: 5'], `hello${SMUGGLED}`),
  'a list of lengths': ofLength('5, 5'),
  'a length with a sign': ofLength('+5'),
  'a negative length': ofLength('-5'),
  'a hexadecimal length': ofLength('0x5'),
  'a length with a space in it': ofLength('5 5'),
  'a length with a comma behind it': ofLength('5,'),
  'a length with a fraction': ofLength('5.0'),
  'a length with an exponent': ofLength('5e0'),
  'a length beyond all numbers': ofLength('18446744073709551621'),
  'a length without a value': ofLength(''),
  'a length with a space before the colon': post(['Content-Length : 5'], `hello${SMUGGLED}`),
  'a length behind a bare LF': post(['X: x\nContent-Length: 5'], `hello${SMUGGLED}`),
};

const CHUNKS: Record<string, string> = {
  'a chunk size with a sign': chunked(`+5\r\nhello\r\n${BODY}`),
  'a chunk size with 0x': chunked(`0x5\r\nhello\r\n${BODY}`),
  'a chunk size behind a space': chunked(` 5\r\nhello\r\n${BODY}`),
  'a chunk size with an underscore': chunked(`0_5\r\nhello\r\n${BODY}`),
  'a chunk size beyond all numbers': chunked(`10000000000000005\r\nhello\r\n${BODY}`),
  'a chunk size that wraps around': chunked(`FFFFFFFFFFFFFFFF\r\nhello\r\n${BODY}`),
  'a chunk size without digits': chunked(`\r\nhello\r\n${BODY}`),
  'a chunk size that ends with LF': chunked(`5\nhello\r\n${BODY}`),
  'a chunk size that ends with CR': chunked(`5\rhello\r\n${BODY}`),
  'a chunk extension with LF': chunked(`5;a\nhello\r\n${BODY}`),
  'a chunk extension with LF in its value': chunked(`5;a="\n"\r\nhello\r\n${BODY}`),
  'a chunk extension with a NUL': chunked(`5;a=\0\r\nhello\r\n${BODY}`),
  'a chunk that is longer than it says': chunked(`3\r\nhello\r\n${BODY}`),
  'a chunk that ends with LF': chunked(`5\r\nhello\n${BODY}`),
  'a chunk that ends with two other bytes': chunked(`5\r\nhelloXX${BODY}`),
  'a last chunk that ends with LF': chunked(`5\r\nhello\r\n0\n\n${SMUGGLED}`),
  'a trailer without a colon': chunked(`0\r\nnonsense\r\n\r\n${SMUGGLED}`),
};

const LINES: Record<string, string> = {
  'lines that end with LF': post([], SMUGGLED).replaceAll('\r\n', '\n'),
  'a header without a colon': post(['nonsense'], SMUGGLED),
  'a header without a name': post([': x'], SMUGGLED),
  'a space before the first header': `GET /livez HTTP/1.1\r\n Host: conjob\r\n\r\n${SMUGGLED}`,
  'a folded header': post(['X: x\r\n y'], SMUGGLED),
  'a NUL in a header': post(['X: \0'], SMUGGLED),
  'a bare CR in a header': post(['X: a\rb'], SMUGGLED),
  'a bare LF in a header': post(['X: a\nb'], SMUGGLED),
  'two hosts': post(['Host: other'], SMUGGLED),
  'two Content-Types': post(['Content-Type: a/b', 'Content-Type: c/d'], SMUGGLED),
  'a space in the path': `GET /livez /x HTTP/1.1\r\nHost: conjob\r\n\r\n${SMUGGLED}`,
  'a NUL in the path': `GET /livez\0 HTTP/1.1\r\nHost: conjob\r\n\r\n${SMUGGLED}`,
  'HTTP/0.9': `GET /livez\r\n\r\n${SMUGGLED}`,
  'HTTP/2': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${SMUGGLED}`,
  'HTTP/1.9': `GET /livez HTTP/1.9\r\nHost: conjob\r\n\r\n${SMUGGLED}`,
  'HTTP/1.10': `GET /livez HTTP/1.10\r\nHost: conjob\r\n\r\n${SMUGGLED}`,
  'a method in small letters': `get /livez HTTP/1.1\r\nHost: conjob\r\n\r\n${SMUGGLED}`,
  'a tunnel': `CONNECT conjob:80 HTTP/1.1\r\nHost: conjob\r\n\r\n${SMUGGLED}`,
  'a request behind a refused one': `BREW /livez HTTP/1.1\r\nHost: conjob\r\n\r\n${SMUGGLED}`,
};

/** Requests that two readers may take for different ones. */
export const AMBIGUOUS: readonly Ambiguous[] = Object.entries({
  ...LENGTH_AND_CHUNKED,
  ...ENCODINGS_ALONE,
  ...LENGTHS,
  ...CHUNKS,
  ...LINES,
}).map(([name, bytes]) => ({ name, bytes }));
