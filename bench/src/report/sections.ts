/**
 * Puts a generated section into a page: between its markers, or at the end when the page has none
 * yet. Everything else on the page is somebody's prose, and stays.
 */
export function putSection(page: string, name: string, text: string): string {
  const begin = `<!-- bench:${name} begin: written by pnpm bench --write -->`;
  const end = `<!-- bench:${name} end -->`;
  const section = `${begin}\n${text.trim()}\n${end}`;
  const from = page.indexOf(`<!-- bench:${name} begin`);
  const to = page.indexOf(end);
  if (from === -1 && to === -1) return `${page.trimEnd()}\n\n${section}\n`.trimStart();
  if (from === -1 || to < from) throw new Error(`the markers of ${name} are broken`);
  return page.slice(0, from) + section + page.slice(to + end.length);
}
