import type { Engine } from '../engine/engine.ts';

/** The same engine, but for some methods. */
export function override(engine: Engine, methods: Partial<Engine>): Engine {
  return new Proxy(engine, {
    get(target, name) {
      const method = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
}

export const ENGINE_METHODS = [
  'ping',
  'describe',
  'probeSpace',
  'findImage',
  'pull',
  'checkLogin',
  'removeImage',
  'create',
  'attach',
  'watchExit',
  'start',
  'stop',
  'followOutput',
  'inspect',
  'recallEnd',
  'wasRestartedSince',
  'remove',
  'list',
] as const satisfies readonly (keyof Engine)[];

/** The same engine, that calls `before` first; what that throws, the call throws. */
export function intercept(
  engine: Engine,
  before: (method: keyof Engine) => void | Promise<void>,
): Engine {
  const methods = ENGINE_METHODS.map((name) => {
    const original = engine[name] as (...args: unknown[]) => Promise<unknown>;
    const method = async (...args: unknown[]) => {
      await before(name);
      return original.apply(engine, args);
    };
    return [name, method] as const;
  });
  return override(engine, Object.fromEntries(methods) as Partial<Engine>);
}
