import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { connectPatient, disconnect, keys } from '@conjob/shared';

/** What one user of Redis has done. */
export interface Usage {
  /** Commands that it sent itself, in lower case, as in `get` or `client|setname`. */
  readonly commands: Set<string>;
  /** Texts of the scripts that it ran. */
  readonly scripts: Set<string>;
  /** Keys and channels of ConJob, in its own commands and in those of its scripts. */
  readonly names: Set<string>;
}

export interface UsageRecorder {
  /** By user. */
  stop(): Promise<ReadonlyMap<string, Usage>>;
}

const [PREFIX = ''] = keys.jobs.split(':');

interface Line {
  readonly address: string;
  readonly isOfScript: boolean;
  readonly args: readonly string[];
}

/** Notes by MONITOR all that users do on the Redis at this port of 127.0.0.1. */
export async function recordUsage(port: number): Promise<UsageRecorder> {
  const admin = connectPatient(`redis://127.0.0.1:${port}`);
  const users = new Map<string, string>();
  const lines: Line[] = [];
  let looks: Promise<void> = Promise.resolve();
  const learnUsers = async () => {
    const list = String(await admin.client('LIST'));
    for (const [, address = '', user = ''] of list.matchAll(/ addr=(\S+) .*? user=(\S+)/g)) {
      users.set(address, user);
    }
  };
  const socket = connect({ host: '127.0.0.1', port }, () => socket.write('MONITOR\r\n'));
  const monitor = createInterface({ input: socket });
  const started = new Promise<void>((resolve) => monitor.once('line', () => resolve()));
  let address = '';
  monitor.on('line', (line) => {
    const [, source = '', said = ''] = /^\+[\d.]+ \[\d+ (\S+)\] (.*)$/.exec(line) ?? [];
    if (source === '') return;
    const isOfScript = source === 'lua';
    // What a script does follows what started it.
    if (!isOfScript) address = source;
    if (!users.has(address)) looks = looks.then(learnUsers);
    lines.push({ address, isOfScript, args: unquoted(said) });
  });
  await started;
  return {
    async stop() {
      // What was done before is in the stream before this.
      const last = `last-${process.pid}`;
      const heard = new Promise<void>((resolve) =>
        monitor.on('line', (line) => line.includes(last) && resolve()),
      );
      await admin.echo(last);
      await heard;
      await looks;
      socket.destroy();
      await disconnect(admin);
      return usagesOf(lines, users);
    },
  };
}

function usagesOf(lines: readonly Line[], users: ReadonlyMap<string, string>): Map<string, Usage> {
  const scripts = new Map<string, string>();
  for (const { args } of lines) {
    const [command, text = ''] = args;
    if (command === 'eval')
      scripts.set(createHash('sha1').update(text, 'latin1').digest('hex'), text);
  }
  const usages = new Map<string, Usage>();
  for (const { address, isOfScript, args } of lines) {
    const user = users.get(address) ?? `nobody knows whose ${address} was`;
    const usage = usages.get(user) ?? {
      commands: new Set(),
      scripts: new Set(),
      names: new Set(),
    };
    usages.set(user, usage);
    const [command = '', first = ''] = args;
    const name = command.toLowerCase();
    if (!isOfScript) usage.commands.add(name === 'client' ? `client|${first.toLowerCase()}` : name);
    if (name === 'eval') usage.scripts.add(first);
    if (name === 'evalsha') usage.scripts.add(scripts.get(first) ?? `unknown script ${first}`);
    for (const arg of args) if (arg.startsWith(PREFIX)) usage.names.add(arg);
  }
  return usages;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };

/** As MONITOR quotes arguments. */
function unquoted(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, quoted = '']) =>
    quoted.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex?: string, letter = '') =>
      hex === undefined
        ? (ESCAPES[letter] ?? letter)
        : String.fromCharCode(Number.parseInt(hex, 16)),
    ),
  );
}
