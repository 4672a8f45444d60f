/** An option of `docker` with its value; nothing where there is none. */
export function option(name: string, value: string | number | null | undefined): string[] {
  return value === null || value === undefined ? [] : [name, String(value)];
}
