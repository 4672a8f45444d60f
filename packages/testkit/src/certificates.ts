import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinaries, run } from '@conjob/provision';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/**
 * Makes a certificate authority, a server certificate for 127.0.0.1 and a client certificate in
 * `folder`: `ca.pem`, `server.pem`, `server-key.pem`, and `cert.pem`, `key.pem`, which are the
 * names Docker's clients look for in DOCKER_CERT_PATH.
 */
export async function makeCertificates(folder: string): Promise<void> {
  const { openssl } = await ensureBinaries(['openssl']);
  const file = (name: string): string => join(folder, name);
  const subject = (name: string): string[] => ['-subj', `/CN=${name}`];
  await run(openssl, [
    ...['req', '-x509', ...NEW_KEY, '-days', '2', ...subject('conjob-test-ca')],
    ...['-keyout', file('ca-key.pem'), '-out', file('ca.pem')],
  ]);
  const sign = async (name: string, key: string, out: string, usage: string): Promise<void> => {
    const request = file(`${name}.csr`);
    const extensions = file(`${name}.ext`);
    writeFileSync(extensions, usage);
    await run(openssl, [
      ...['req', ...NEW_KEY, ...subject(name), '-keyout', file(key), '-out', request],
    ]);
    await run(openssl, [
      ...['x509', '-req', '-in', request, '-days', '2', '-extfile', extensions],
      ...['-CA', file('ca.pem'), '-CAkey', file('ca-key.pem'), '-CAcreateserial'],
      ...['-out', file(out)],
    ]);
  };
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  await sign('server', 'server-key.pem', 'server.pem', `${names}\nextendedKeyUsage=serverAuth\n`);
  await sign('client', 'key.pem', 'cert.pem', 'extendedKeyUsage=clientAuth\n');
}
