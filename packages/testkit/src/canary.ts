import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * What tests give to jobs as a secret, to look for it afterwards wherever the product, Redis and the engines have
 * been. `image`: for the file of an image, and to be nowhere. `env`: for `secretEnv`, and to be in the container
 * of its job only.
 */
export const CANARY = {
  image: 'Kf3"x+/%é q9WvTz7RbN2',
  env: 'Ke5"w+/%é p8YuSx6QaM4',
} as const;

/** How text may be written, none of which hides a secret. */
function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const hex = Buffer.from(value).toString('hex');
  const base64 = [0, 1, 2].flatMap((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
    const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((shifted.length * 8) / 6)];
    return (['base64', 'base64url'] as const).map((encoding) =>
      shifted.toString(encoding).slice(from, to),
    );
  });
  const escaped = json.replace(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const url = [encodeURIComponent(value), new URLSearchParams({ '': value }).toString().slice(1)];
  return [value, json, escaped, hex, hex.toUpperCase(), ...url, ...base64];
}

/** Every form of every canary, for a search. */
export const CANARY_FORMS: readonly string[] = [
  ...new Set(Object.values(CANARY).flatMap((value) => formsOf(value))),
];

/** Throws when a canary is in a text, in any form. `where` is for the message. */
export function expectNoCanary(text: string | Buffer, where: string): void {
  const found = CANARY_FORMS.find((form) => text.includes(form));
  if (found !== undefined) throw new Error(`A secret is in ${where}, as ${found}`);
}

/** The files below a folder that have a canary; mounts of others, such as memory, are left out. */
export async function filesWithCanary(folder: string): Promise<string[]> {
  const script = `find "$0" -xdev -type f -size +0 -print0 | xargs -0 -r grep -laF "$@"; true`;
  const patterns = CANARY_FORMS.flatMap((form) => ['-e', form]);
  const { stdout } = await promisify(execFile)('sh', ['-c', script, folder, ...patterns], {
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split('\n').filter((path) => path !== '');
}

/** What an engine keeps of the container of a job: its environment, and what it wrote itself. */
const OF_A_CONTAINER =
  /\/containers\/[0-9a-f]{64}\/(\.tmp-)?(config\.v2\.json|local-logs\/container\.log)|\/io\.containerd\.metadata\.v1\.bolt\/meta\.db$/;

/** The same in the data of an engine, where containers of jobs with a `secretEnv` have it. */
export async function filesOfEngineWithCanary(dataRoot: string): Promise<string[]> {
  const found = await filesWithCanary(dataRoot);
  return found.filter((path) => !OF_A_CONTAINER.test(path));
}
