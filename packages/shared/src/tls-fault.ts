/** How Node names a certificate, or the lack of one, that one of the two sides does not take. */
const TLS_CODES =
  /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/;

/** Why the two sides of a connection do not trust each other; null for any other error. Words are Node's. */
export function tlsFault(error: unknown): string | null {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code = '' } = each as NodeJS.ErrnoException;
    if (TLS_CODES.test(code)) return `${wordsOf(each)} (${code})`;
  }
  return null;
}

/** OpenSSL prefixes its words with where in its source they come from. */
function wordsOf({ message }: Error): string {
  const [, reason] = /SSL routines:[^:]*:([^:]+)/.exec(message) ?? [];
  return reason ?? message;
}
