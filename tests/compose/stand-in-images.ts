import { readdir, readFile } from 'node:fs/promises';
import { busyboxFiles, ensureBinaries, type ImageFile, importImages, run } from '@conjob/provision';
import { bundleApp } from './bundle-app.ts';
import { ROOT } from './compose.ts';

/**
 * Stands in for pnpm in the build stages of the Dockerfiles, as no registry can be reached from
 * where they are built: the bundles were made before. It insists on what the real one needs.
 */
const NPX = `#!/bin/sh
set -e
case "$*" in
  *" install --frozen-lockfile "*)
    test -f pnpm-lock.yaml -a -f apps/api/package.json -a -f apps/worker/package.json
    mkdir -p apps/api/node_modules
    cp -r /bundles/swagger-ui-dist apps/api/node_modules/
    ;;
  *" --filter @conjob/"*" build")
    app=\${*#*@conjob/}; app=\${app% build}
    test -f rolldown.config.ts -a -f packages/shared/src/index.ts -a -f apps/$app/src/main.ts
    mkdir -p apps/$app/dist
    cp /bundles/$app.js apps/$app/dist/main.js
    ;;
  *) echo "unexpected: npx $*" >&2; exit 64 ;;
esac
`;

const USERS = ['root:x:0:0:root:/root:/bin/sh', 'node:x:1000:1000::/home/node:/bin/sh'];
const GROUPS = ['root:x:0:', 'node:x:1000:'];

/** Gives an engine what `docker-compose.yml` would pull, made of the programs of this machine. */
export async function importStandIns(socketPath: string): Promise<void> {
  const binaries = await ensureBinaries(['redis-server']);
  const redisCli = binaries['redis-server'].replace(/redis-server$/, 'redis-cli');
  const base = (await busyboxFiles()).filter(({ path }) => !/^etc\/(passwd|group)$/.test(path));
  const users = [text('etc/passwd', USERS), text('etc/group', GROUPS)];

  const redis = [
    ...(await program('usr/local/bin/redis-server', binaries['redis-server'])),
    ...(await program('usr/local/bin/redis-cli', redisCli)),
  ];
  await importImages(socketPath, unique([...base, ...users, ...redis]), [
    { tag: 'redis:7-alpine', config: { Env: [PATH], WorkingDir: '/data' } },
  ]);

  const node = [
    ...(await program('usr/local/bin/node', process.execPath)),
    { path: 'usr/local/bin/npx', content: NPX, mode: 0o755 },
    { path: 'bundles/api.js', content: await bundleApp('api') },
    ...(await swaggerUi()),
    { path: 'bundles/worker.js', content: await bundleApp('worker') },
  ];
  await importImages(socketPath, unique([...base, ...users, ...node]), [
    { tag: 'node:24-slim', config: { Env: [PATH], Cmd: ['node'] } },
  ]);
}

const PATH = 'PATH=/usr/local/bin:/bin';

/** What the page at /docs is made of. */
async function swaggerUi(): Promise<ImageFile[]> {
  const folder = `${ROOT}/apps/api/node_modules/swagger-ui-dist`;
  const names = await readdir(folder);
  return Promise.all(
    names
      .filter((name) => !name.endsWith('.map'))
      .map(async (name) => ({
        path: `bundles/swagger-ui-dist/${name}`,
        content: await readFile(`${folder}/${name}`),
      })),
  );
}

/** A program of this machine with the shared libraries it needs, these at the same place. */
async function program(path: string, source: string): Promise<ImageFile[]> {
  const libraries = (await run('ldd', [source])).match(/\/\S+\.so\S*/g) ?? [];
  return Promise.all([
    executable(path, source),
    ...libraries.map((library) => executable(library.slice(1), library)),
  ]);
}

async function executable(path: string, source: string): Promise<ImageFile> {
  return { path, content: await readFile(source), mode: 0o755 };
}

function text(path: string, lines: readonly string[]): ImageFile {
  return { path, content: `${lines.join('\n')}\n` };
}

function unique(files: readonly ImageFile[]): ImageFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}
