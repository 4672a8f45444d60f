import { readFile } from 'node:fs/promises';
import type { Server as HttpsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, type Logger } from '@conjob/shared';
import { type Certificate, checkedCertificate, factsOf, TLS_RULES } from './certificate.ts';

export interface CertificatePaths {
  /** PEM: the certificate, then those of the authorities between it and a known one. */
  readonly certFile: string;
  /** PEM, without a passphrase. */
  readonly keyFile: string;
}

export interface CertificateFilesOptions extends CertificatePaths {
  readonly logger: Logger;
  readonly lookEveryMs?: number;
}

/** Reading beats being told: it also works for links, mounts and whatever else renews files. */
const LOOK_EVERY_MS = 2000;

/**
 * The certificate of both ports, which follows its files. New connections get the new one, those that are
 * there go on. Files are only taken as they were at two looks in turn, so that one that is being written
 * is let finish; what can't be used changes nothing, and is said once.
 */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  readonly #servers = new Set<HttpsServer>();
  readonly #closing = new AbortController();
  readonly #following: Promise<void>;
  #current: Certificate;
  #seen: string | undefined;
  #refused: string | undefined;

  private constructor(options: CertificateFilesOptions, first: Certificate) {
    this.#options = options;
    this.#current = first;
    this.#following = this.#follow();
  }

  /** Throws `ConfigError` when the files can't be used. */
  static async open(options: CertificateFilesOptions): Promise<CertificateFiles> {
    const first = await loadCertificate(options);
    options.logger.info(factsOf(first), 'certificate loaded');
    return new CertificateFiles(options, first);
  }

  get current(): Certificate {
    return this.#current;
  }

  /** From now on the server has the certificate of the files. */
  serve(server: HttpsServer): void {
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { lookEveryMs = LOOK_EVERY_MS } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    const found = await readPair(this.#options).catch((error: Error) => error);
    const mark = found instanceof Error ? found.message : `${found.cert}\n${found.key}`;
    const isSettled = mark === this.#seen;
    this.#seen = mark;
    if (mark === `${this.#current.cert}\n${this.#current.key}`) this.#refused = undefined;
    else if (isSettled && mark !== this.#refused) this.#take(found, mark);
  }

  #take(found: Certificate | Error, mark: string): void {
    const { logger } = this.#options;
    try {
      if (found instanceof Error) throw found;
      const next = checkedCertificate(found);
      for (const server of this.#servers) server.setSecureContext({ ...next, ...TLS_RULES });
      this.#current = next;
      this.#refused = undefined;
      logger.info(factsOf(next), 'certificate loaded');
    } catch (error) {
      this.#refused = mark;
      const { message } = error as Error;
      logger.error({ reason: message }, 'certificate not loaded: the one before stays in use');
    }
  }
}

/** Throws `ConfigError` when the files can't be used. */
export async function loadCertificate(paths: CertificatePaths): Promise<Certificate> {
  try {
    return checkedCertificate(await readPair(paths));
  } catch (error) {
    throw new ConfigError(`The certificate can not be used. ${(error as Error).message}`);
  }
}

async function readPair({ certFile, keyFile }: CertificatePaths): Promise<Certificate> {
  const [cert, key] = await Promise.all([
    read('TLS_CERT_FILE', certFile),
    read('TLS_KEY_FILE', keyFile),
  ]);
  return { cert, key };
}

async function read(variable: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`${variable}: ${(error as Error).message}.`);
  }
}
