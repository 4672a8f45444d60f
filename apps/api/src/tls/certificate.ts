import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** What a server does not bargain about; it forgets them when it gets a new certificate without them. */
export const TLS_RULES = { minVersion: 'TLSv1.2' } as const;

/** What a server shows to its clients, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The same one, when it can be used. Throws an error whose message names the variable that is wrong. */
export function checkedCertificate({ cert, key }: Certificate): Certificate {
  const leaf = parsed('TLS_CERT_FILE', () => new X509Certificate(cert));
  const secret: KeyObject = parsed('TLS_KEY_FILE', () => createPrivateKey(key));
  if (!leaf.checkPrivateKey(secret)) {
    throw new Error('TLS_KEY_FILE: It is not the key of the first certificate in TLS_CERT_FILE.');
  }
  // Reads the rest of the file as well.
  parsed('TLS_CERT_FILE', () => createSecureContext({ cert, key }));
  return { cert, key };
}

/** For the log. */
export function factsOf({ cert }: Certificate) {
  const { subject, subjectAltName, validTo } = new X509Certificate(cert);
  return { subject, names: subjectAltName, validTo };
}

function parsed<Value>(variable: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw new Error(
      `${variable}: It holds nothing that can be used (${(error as Error).message}).`,
    );
  }
}
