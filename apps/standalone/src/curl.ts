import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { getCACertificates } from 'node:tls';

/** How curl on this machine reaches the API. */
export interface CurlTarget {
  /** What comes before the address, each with a space after it. */
  readonly options: string;
  readonly address: string;
}

interface Reached {
  /** Where it listens. */
  readonly url: string;
  /** Whether it asks for a login: the shell puts it in, so that it is shown nowhere. */
  readonly hasLogin: boolean;
  /** Null: plain HTTP. */
  readonly certFile: string | null;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

export function curlTarget({ url, hasLogin, certFile }: Reached): CurlTarget {
  const login = hasLogin ? ['--user "$AUTH_USERNAME:$AUTH_PASSWORD"'] : [];
  const { hostname, port } = new URL(url);
  const isHere = /^(127\.0\.0\.1|0\.0\.0\.0|\[::\]|\[::1\])$/.test(hostname);
  const host = isHere && hostname !== '[::1]' ? 'localhost' : hostname;
  if (certFile === null) return { options: joined(login), address: `${host}:${port}` };
  const chain = (readFileSync(certFile, 'utf8').match(CERTIFICATE) ?? []).map(
    (pem) => new X509Certificate(pem),
  );
  const [leaf, root] = [chain[0], chain.at(-1)];
  // One that no authority of this machine vouches for must be trusted by hand. curl takes it as it is.
  const isKnown = root !== undefined && isVouchedFor(root);
  const trust = isKnown ? [] : [`--cacert ${quoted(resolve(certFile))}`];
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (leaf === undefined || isFor(leaf, bare)) {
    return { options: joined([...login, ...trust]), address: `https://${host}:${port}` };
  }
  // Here it may have no address under the name that it is for.
  const name = nameOf(leaf) ?? host;
  const pinned = `--resolve ${name}:${port}:${isHere ? '127.0.0.1' : bare}`;
  return { options: joined([...login, ...trust, pinned]), address: `https://${name}:${port}` };
}

function isVouchedFor(certificate: X509Certificate): boolean {
  const authorities = getCACertificates('system').map((pem) => new X509Certificate(pem));
  return authorities.some((authority) => certificate.checkIssued(authority));
}

function isFor(certificate: X509Certificate, host: string): boolean {
  const found = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
  return found !== undefined;
}

function nameOf({ subjectAltName }: X509Certificate): string | undefined {
  return /DNS:([\w.-]+)/.exec(subjectAltName ?? '')?.[1];
}

/** For a shell. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

function joined(options: readonly string[]): string {
  return options.map((option) => `${option} `).join('');
}
