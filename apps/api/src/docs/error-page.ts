import { type RequestHandler, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { ERROR_PAGE } from '../http/problem.ts';
import { ERROR_TABLES, type ErrorTable } from './error-tables.ts';

/** What the `type` of every problem leads to: one line for each code. It is the same everywhere, and loads nothing. */
export function errorPageRoutes(): Router {
  const page = errorPage();
  const send: RequestHandler = (_req, res) => {
    res.set({
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-cache',
    });
    res.type('text/html').send(page);
  };

  const router = Router();
  router.route(ERROR_PAGE).all(allowMethods('GET', 'HEAD')).get(send);
  return router;
}

function errorPage(): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>ConJob errors</title></head>',
    '<body>',
    '<h1>Errors</h1>',
    ...ERROR_TABLES.map(tableOf),
    '</body>',
    '</html>\n',
  ].join('\n');
}

function tableOf({ title, about, columns, rows }: ErrorTable): string {
  const head = columns.map((name) => `<th>${markup(name)}</th>`).join('');
  const body = rows.map(({ code, cells }) => {
    const all = [`\`${code}\``, ...cells].map((cell) => `<td>${markup(cell)}</td>`);
    return `<tr id="${code}">${all.join('')}</tr>`;
  });
  return [
    `<h2>${title}</h2>`,
    `<p>${markup(about)}</p>`,
    '<table border="1" cellpadding="6">',
    `<tr>${head}</tr>`,
    ...body,
    '</table>',
  ].join('\n');
}

function markup(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return escaped.replace(/`([^`]+)`/g, '<code>$1</code>');
}
