import type { Call } from './http-client.ts';
import type { TestApi } from './test-api.ts';

/** Environment of an API whose ports want a login each, and the headers that have it. */
export const LOGINS = {
  AUTH_USERNAME: 'caller',
  AUTH_PASSWORD: 'hush-caller:ü',
  ADMIN_USERNAME: 'operator',
  ADMIN_PASSWORD: 'hush-operator',
  // Tests are wrong more often than people.
  LOGIN_FAILURES_PER_MINUTE: '60000',
};
export const CALLER = basic('caller:hush-caller:ü');
export const OPERATOR = basic('operator:hush-operator');

export function basic(sent: string | Buffer): Call {
  return { headers: { Authorization: `Basic ${Buffer.from(sent).toString('base64')}` } };
}

export function bearer(token: string): Call {
  return { headers: { Authorization: `Bearer ${token}` } };
}

/** Makes a token as an operator does; `query` as in the URL. */
export async function makeToken(api: TestApi, query: string): Promise<string> {
  const { json } = await api.callAdmin(`/tokens?${query}`, { method: 'POST', ...OPERATOR });
  return json.token;
}
