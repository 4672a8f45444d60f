import { connect } from 'node:net';

/** How long a client waits for an answer before it leaves. */
const PATIENCE_MS = 3000;
/** Who has heard nothing more for so long has heard all that comes, or is waited for itself. */
const QUIET_MS = 100;

/** Writes these bytes, reads what comes until nothing more does, and gives back the statuses in it. */
export function exchange(port: number, bytes: Buffer): Promise<number[]> {
  return new Promise((resolve) => {
    const heard: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const impatience = setTimeout(() => socket.destroy(), PATIENCE_MS);
    // What is not whole by now is cut off.
    const silence = setTimeout(() => socket.end(), QUIET_MS);
    socket.on('data', (data: Buffer) => {
      heard.push(data);
      silence.refresh();
    });
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(impatience);
      clearTimeout(silence);
      const text = Buffer.concat(heard).toString('latin1');
      resolve([...text.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z]/g)].map(([, status]) => Number(status)));
    });
    socket.write(bytes);
  });
}

/** Aborts when such a client leaves. */
export const patience = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS);
