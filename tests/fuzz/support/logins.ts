import { type Answer, type Call, call } from '../../../apps/api/src/testing/http-client.ts';

/** Who asks: a caller with his own password, one with a token, or one who has neither. */
export const WHO = ['password', 'submit', 'read', 'admin', 'wrong', 'revoked', 'nobody'] as const;
export type Who = (typeof WHO)[number];

export function mayEnter(who: Who): boolean {
  return who !== 'wrong' && who !== 'revoked' && who !== 'nobody';
}

/** Environment of an API whose ports have one login. */
export const LOGIN_ENV = {
  AUTH_USERNAME: 'fuzz',
  AUTH_PASSWORD: 'pass:wörd',
  ADMIN_USERNAME: 'fuzz',
  ADMIN_PASSWORD: 'pass:wörd',
  // Above what is sent on purpose: who guesses too often is answered a second later.
  LOGIN_FAILURES_PER_MINUTE: '60000',
};

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const RIGHT = basic('fuzz:pass:wörd');
const ROLES = ['submit', 'read', 'admin'] as const;

/** The same as `call`, with the right password. */
export function callKnown(url: string, options: Call = {}): Promise<Answer> {
  return call(url, { ...options, headers: { ...options.headers, Authorization: RIGHT } });
}

/** What each of them sends as Authorization; makes a token of each role, and one that is revoked. */
export async function makeLogins(adminUrl: string): Promise<Record<Who, string | undefined>> {
  const make = async (name: string, role: string) => {
    const path = `/tokens?name=${name}&role=${role}`;
    const answer = await callKnown(adminUrl + path, { method: 'POST' });
    return `Bearer ${answer.json.token}`;
  };
  const tokens = await Promise.all(ROLES.map((role) => make(`fuzz-${role}`, role)));
  const revoked = await make('fuzz-revoked', 'admin');
  await callKnown(`${adminUrl}/tokens/fuzz-revoked`, { method: 'DELETE' });
  return {
    password: RIGHT,
    submit: tokens[0],
    read: tokens[1],
    admin: tokens[2],
    wrong: basic('fuzz:guess'),
    revoked,
    nobody: undefined,
  };
}
