// Runs in the browser, beside Swagger UI: loads the document of this API, and asks for credentials where it needs some.
const find = (id) => document.getElementById(id);
const form = find('login');
let authorization;

/** The browser's own login window would take no token, and keep what is typed for all other pages. */
const withCredentials = (request) => {
  request.credentials = 'omit';
  if (authorization) request.headers = { ...request.headers, Authorization: authorization };
  return request;
};

function typedCredentials() {
  const { token, username, password } = Object.fromEntries(
    ['token', 'username', 'password'].map((id) => [id, find(id).value]),
  );
  if (token) return `Bearer ${token.trim()}`;
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** What only a program needs is left out: HEAD, and how to send the credentials that this page sends by itself. */
function forReaders(api) {
  for (const operations of Object.values(api.paths)) {
    delete operations.head;
    for (const operation of Object.values(operations)) delete operation.security;
  }
  delete api.components.securitySchemes;
  const { pathname } = new URL('.', location.href);
  return { ...api, servers: [{ url: pathname.replace(/\/$/, '') || '/' }] };
}

async function load() {
  find('problem').textContent = '';
  const answer = await fetch('openapi.json', withCredentials({}));
  const body = await answer.json();
  form.hidden = answer.ok;
  if (answer.ok) show(forReaders(body));
  else if (answer.status !== 401 || authorization) find('problem').textContent = body.detail;
}

function show(spec) {
  SwaggerUIBundle({
    spec,
    domNode: find('api'),
    deepLinking: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
    // It would send the document to a server of its makers.
    validatorUrl: null,
    requestInterceptor: withCredentials,
  });
}

const start = () => {
  load().catch((error) => {
    find('problem').textContent = `The API can not be reached: ${error.message}`;
  });
};
form.addEventListener('submit', (event) => {
  event.preventDefault();
  authorization = typedCredentials();
  start();
});
start();
