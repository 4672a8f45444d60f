import { readFile } from 'node:fs/promises';
import { ensureBinaries, type Say } from '../binaries/ensure-binaries.ts';
import { run } from '../binaries/run.ts';
import type { ImageFile } from './tar.ts';

/**
 * A small Linux made of this machine's busybox: /bin with all its commands, users `root`,
 * `nobody` and `user` (1000), a /tmp for everyone.
 */
export async function busyboxFiles({ say }: { readonly say?: Say } = {}): Promise<ImageFile[]> {
  const { busybox } = await ensureBinaries(['busybox'], say === undefined ? {} : { say });
  const applets = (await run(busybox, ['--list'])).trim().split('\n');
  return [
    ...['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'var'].map(folder),
    { path: 'tmp', folderMode: 0o1777 },
    { path: 'bin/busybox', content: await readFile(busybox), mode: 0o755 },
    ...(await libraries(busybox)),
    ...applets
      .filter((applet) => applet !== 'busybox')
      .map((applet) => ({ path: `bin/${applet}`, linkTo: 'busybox' })),
    { path: 'etc/passwd', content: lines(PASSWD) },
    { path: 'etc/group', content: lines(GROUP) },
  ];
}

const PASSWD = [
  'root:x:0:0:root:/root:/bin/sh',
  'user:x:1000:1000:user:/tmp:/bin/sh',
  'nobody:x:65534:65534:nobody:/:/bin/sh',
];
const GROUP = ['root:x:0:', 'user:x:1000:', 'nogroup:x:65534:'];

function folder(path: string): ImageFile {
  return { path, folderMode: 0o755 };
}

function lines(entries: readonly string[]): string {
  return `${entries.join('\n')}\n`;
}

/** The shared libraries a busybox that is not static needs; none otherwise. */
async function libraries(binary: string): Promise<ImageFile[]> {
  const listed = await run('ldd', [binary]).catch(() => ''); // "not a dynamic executable"
  const paths = [...new Set(listed.match(/\/\S+\.so\S*/g) ?? [])];
  return Promise.all(
    paths.map(async (path) => ({
      path: path.slice(1),
      content: await readFile(path),
      mode: 0o755,
    })),
  );
}
