import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinaries, run } from '@conjob/provision';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/**
 * Makes a certificate authority, a server certificate for 127.0.0.1 and a client certificate in
 * `folder`: `ca.pem`, `server.pem`, `server-key.pem`, and `cert.pem`, `key.pem`, which are the
 * names Docker's clients look for in DOCKER_CERT_PATH. `serverDays`: how long the server's is good; less than 0, it
 * has expired.
 */
export async function makeCertificates(
  folder: string,
  { serverDays = 2 }: { readonly serverDays?: number } = {},
): Promise<void> {
  const { openssl } = await ensureBinaries(['openssl']);
  const file = (name: string): string => join(folder, name);
  const subject = (name: string): string[] => ['-subj', `/CN=${name}`];
  await run(openssl, [
    ...['req', '-x509', ...NEW_KEY, '-days', '2', ...subject('conjob-test-ca')],
    ...['-keyout', file('ca-key.pem'), '-out', file('ca.pem')],
  ]);
  const sign = async (
    name: string,
    key: string,
    out: string,
    usage: string,
    days = 2,
  ): Promise<void> => {
    const request = file(`${name}.csr`);
    const extensions = file(`${name}.ext`);
    writeFileSync(extensions, usage);
    await run(openssl, [
      ...['req', ...NEW_KEY, ...subject(name), '-keyout', file(key), '-out', request],
    ]);
    await run(openssl, [
      ...['x509', '-req', '-in', request, '-days', String(days), '-extfile', extensions],
      ...['-CA', file('ca.pem'), '-CAkey', file('ca-key.pem'), '-CAcreateserial'],
      ...['-out', file(out)],
    ]);
  };
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  const usage = `${names}\nextendedKeyUsage=serverAuth\n`;
  await sign('server', 'server-key.pem', 'server.pem', usage, serverDays);
  await sign('client', 'key.pem', 'cert.pem', 'extendedKeyUsage=clientAuth\n');
}

/** What a server is told of a folder that has these certificates. */
export function serverFiles(folder: string) {
  return {
    certFile: join(folder, 'server.pem'),
    keyFile: join(folder, 'server-key.pem'),
    caFile: join(folder, 'ca.pem'),
  };
}
