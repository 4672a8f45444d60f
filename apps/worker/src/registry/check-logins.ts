import { ConfigError, type Logger } from '@conjob/shared';
import { type Engine, EngineError } from '../engine/engine.ts';
import type { KnownLogin } from './registry-logins.ts';

/**
 * Lets the engine try each login. Throws one `ConfigError` for all that are refused. A registry that does not
 * answer now may do so later: that is only said.
 */
export async function checkLogins(
  engine: Pick<Engine, 'checkLogin'>,
  logins: readonly KnownLogin[],
  logger: Logger,
): Promise<void> {
  const refusals = await Promise.all(
    logins.map(async (login) => {
      const { registry, source, username } = login;
      try {
        await engine.checkLogin(registry, login);
        return [];
      } catch (error) {
        if (error instanceof EngineError && error.code === 'image.unauthorized') {
          return [`  ${source}: ${registry} refuses the login of ${username}.`];
        }
        logger.warn({ err: error, registry }, 'could not check the login of a registry');
        return [];
      }
    }),
  );
  const lines = refusals.flat();
  if (lines.length === 0) return;
  throw new ConfigError(`These registry logins are wrong:\n${lines.join('\n')}`);
}
