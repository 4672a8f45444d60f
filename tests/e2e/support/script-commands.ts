/**
 * The commands that a script names, in lower case, in whichever branch: those of its calls, and those that
 * it keeps in variables. `known`: all commands of Redis.
 */
export function scriptCommands(text: string, known: ReadonlySet<string>): string[] {
  const code = text.replace(/--\[\[.*?\]\]/gs, '').replace(/--.*/g, '');
  const called = [...code.matchAll(/call\(\s*["']([A-Za-z]+)["']/g)];
  const kept = [...code.matchAll(/["']([A-Z]+)["']/g)];
  const names = [...called, ...kept].map(([, name = '']) => name.toLowerCase());
  return [...new Set(names)].filter((name) => known.has(name));
}
