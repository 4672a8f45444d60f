import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { childProcesses, TEST_IMAGES, type TempFolder, tempFolder } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { getJson, query } from '../support/http.ts';
import { launch, type ProductProcess } from '../support/start-process.ts';

const LISTENS = /ConJob listens on (https?:\S+)/;
const engine = `unix://${inject('engineSocket')}`;
const { echo, busybox } = TEST_IMAGES;

let data: TempFolder;
let running: ProductProcess[];

beforeEach(() => {
  data = tempFolder();
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((process) => process.stop()));
  data.remove();
});

function start(env: Readonly<Record<string, string>> = {}): ProductProcess {
  const process = launch('standalone', {
    PORT: '0',
    ADMIN_PORT: '0',
    DATA_DIR: data.path,
    DOCKER_HOST: engine,
    JOB_NETWORK: 'none',
    ...env,
  });
  running.push(process);
  return process;
}

async function pings(socketPath: string): Promise<number | undefined> {
  const [response] = await once(get({ socketPath, path: '/_ping', agent: false }), 'response');
  response.resume();
  return response.statusCode;
}

async function urlOf(process: ProductProcess): Promise<string> {
  const [, url = ''] = await process.says(LISTENS);
  return url;
}

describe('npm start', () => {
  it('runs jobs, and ends with 0 and without a process left when it is told to stop', async () => {
    const conjob = start();
    const url = await urlOf(conjob);
    const response = await fetch(`${url}/job/run?${query(echo.tag)}&arg=hi`);
    expect(await response.text()).toBe('hi\n');
    const children = childProcesses(conjob.pid).map(({ pid }) => pid);
    expect(children).not.toEqual([]);
    expect(await conjob.stop()).toBe(0);
    expect(children.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  });

  it('shows a curl line that works on this very machine', async () => {
    const conjob = start();
    await urlOf(conjob);
    await conjob.says(/Ctrl-C/);
    // Nothing stands before it that is not for people, whatever is to be said of the engine.
    expect(conjob.output()).not.toMatch(/^\{/m);
    const lines = conjob.output().match(/'localhost:\d+\/job\/run\?[^']+pull=never'/g) ?? [];
    const answers = await Promise.all(
      lines.map(async (line) => {
        const init = line.includes('conjob/echo') ? { method: 'POST', body: 'foobar' } : {};
        const response = await fetch(`http://${line.slice(1, -1)}&remove=true`, init);
        return response.text();
      }),
    );
    expect(answers).toEqual([expect.stringContaining('Hello from ConJob!'), 'foobar\n']);
  });

  it('keeps results and queued jobs over a restart', async () => {
    const first = start({ WORKER_CONCURRENCY: '1', WORKER_SHUTDOWN_SECONDS: '0' });
    const url = await urlOf(first);
    const done = await fetch(`${url}/job/run?${query(echo.tag)}&arg=kept`);
    const doneId = done.headers.get('conjob-job-id');
    const submit = (...args: string[]) =>
      getJson(`${url}/jobs?${query(busybox.tag)}${args.map((arg) => `&arg=${arg}`).join('')}`, {
        method: 'POST',
      });
    const { id: runningId } = await submit('sleep', '5');
    const { id: queuedId } = await submit('echo', 'later');
    await getJson(`${url}/jobs/${runningId}`);
    expect(await first.stop()).toBe(0);

    const again = await urlOf(start());
    expect(await getJson(`${again}/jobs/${doneId}`)).toMatchObject({ output: 'kept\n' });
    expect(await getJson(`${again}/jobs/${runningId}?wait=100`)).toMatchObject({
      state: 'finished',
      conclusion: expect.stringMatching(/SUCCESS|UNKNOWN/),
    });
    expect(await getJson(`${again}/jobs/${queuedId}?wait=100`)).toMatchObject({
      conclusion: 'SUCCESS',
      output: 'later\n',
    });
  });

  it('says which port is taken and which variable to set, without a stack trace', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    try {
      const conjob = start({ PORT: String(port) });
      expect(await conjob.exited).toBe(1);
      expect(conjob.output()).toMatch(new RegExp(`Port ${port} is taken\\. Set PORT`));
      expect(conjob.output()).not.toMatch(/\bat .*:\d+:\d+/);
    } finally {
      server.close();
    }
  });

  it('runs beside another one, each with data of its own', async () => {
    const second = tempFolder();
    try {
      const urls = await Promise.all([urlOf(start()), urlOf(start({ DATA_DIR: second.path }))]);
      const answers = await Promise.all(
        urls.map(async (url) => (await fetch(`${url}/job/run?${query(echo.tag)}&arg=x`)).text()),
      );
      expect(answers).toEqual(['x\n', 'x\n']);
      await Promise.all(running.map((process) => process.stop()));
    } finally {
      second.remove();
    }
  });

  it('refuses data that another one uses, and says which variable to set', async () => {
    await urlOf(start());
    const other = start();
    expect(await other.exited).toBe(1);
    expect(other.output()).toMatch(/in use by process \d+/);
    expect(other.output()).toMatch(/DATA_DIR/);
  });

  it('names every variable that is wrong', async () => {
    const conjob = start({ PORT: 'eighty', WORKER_CONCURRENCY: '0' });
    expect(await conjob.exited).toBe(1);
    expect(conjob.output()).toMatch(/PORT/);
    expect(conjob.output()).toMatch(/WORKER_CONCURRENCY/);
  });

  // Elsewhere the engine at the default socket would be taken, which is not ours to use.
  it.runIf(!existsSync('/var/run/docker.sock'))(
    'starts an engine of its own where there is none, and takes it along at the end',
    async () => {
      const conjob = start({ DOCKER_HOST: '' });
      const url = await urlOf(conjob);
      const response = await fetch(`${url}/job/run?${query('conjob/echo')}&arg=own`);
      expect(await response.text()).toBe('own\n');
      // Where a `docker` of whoever started it finds the engine.
      const [, socket = ''] = await conjob.says(
        /Docker engine {2}private, DOCKER_HOST=unix:\/\/(\/\S+), data in /,
      );
      expect(await pings(socket)).toBe(200);
      const children = childProcesses(conjob.pid).map(({ pid }) => pid);
      expect(await conjob.stop()).toBe(0);
      expect(children.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    },
  );
});
