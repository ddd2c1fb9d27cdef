import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema';

/** A body of the API by its name in openapi/wharf.json. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** What the registry answered instead of what was asked for. `requestId` finds the request in the registry's logs. */
export class ApiProblem extends Error {
  constructor(readonly status: number, readonly type: string, message: string, readonly requestId: string | null, readonly retryAfter: number | null) {
    super(message);
    this.name = 'ApiProblem';
  }
}

let token: Promise<string> | null = null;

// The session's next token comes with each answer that changes it; the first is asked for when something is first changed.
function csrfToken(): Promise<string> {
  token ??= fetch('/csrf_token', { credentials: 'same-origin' })
    .then((answer) => answer.json() as Promise<{ csrf_token: string }>)
    .then((body) => body.csrf_token)
    .catch((fault: unknown) => { token = null; throw fault; });
  return token;
}

/** After signing in or out the session is another one, and so is its token. */
export function forgetCsrfToken(): void {
  token = null;
}

const csrf: Middleware = {
  async onRequest({ request }) {
    // Without it a 401 would make the browser itself ask for a name and a password.
    request.headers.set('X-Requested-With', 'XMLHttpRequest');
    if (request.method !== 'GET' && request.method !== 'HEAD') request.headers.set('X-CSRF-Token', await csrfToken());
    return request;
  },
  onResponse({ response }) {
    const next = response.headers.get('X-Next-CSRF-Token');
    if (next !== null) token = Promise.resolve(next);
  },
};

/** Repository names have slashes, which stay; every other part of a path is encoded. */
function serializePath(path: string, values: Record<string, unknown>): string {
  return path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = String(values[name]);
    return name === 'repository' ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value);
  });
}

const client = createClient<paths>({ baseUrl: window.location.origin, credentials: 'same-origin', pathSerializer: serializePath });
client.use(csrf);

/** Signs in again for the request that asked for a fresh password; true when it should be tried once more. */
let askPassword: (() => Promise<boolean>) | null = null;

export function onFreshLoginRequired(ask: () => Promise<boolean>): void {
  askPassword = ask;
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/**
 * What an operation answers, or an ApiProblem: `await api((c) => c.GET('/api/v1/user/'))`. The request is a function since it is made
 * anew after the person has shown the password again.
 */
export async function api<T>(request: (client: Client) => Promise<Answer<T>>): Promise<T> {
  const answer = await attempt(request);
  if (answer.response.ok) return answer.data as T;
  const problem = problemOf(answer.error, answer.response);
  if (problem.type === 'fresh_login_required' && askPassword !== null && await askPassword()) {
    const second = await attempt(request);
    if (second.response.ok) return second.data as T;
    throw problemOf(second.error, second.response);
  }
  throw problem;
}

export type Client = typeof client;

async function attempt<T>(request: (client: Client) => Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await request(client);
  } catch (fault) {
    if (fault instanceof DOMException && fault.name === 'AbortError') throw fault;
    throw new ApiProblem(0, 'unreachable', '', null, null);
  }
}

type ProblemBody = { detail?: string; error_message?: string; message?: string; error_type?: string; title?: string; request_id?: string };

export function problemOf(error: unknown, response: Response): ApiProblem {
  const body = (typeof error === 'object' && error !== null ? error : {}) as ProblemBody;
  const text = body.detail || body.error_message || body.message || body.title || (typeof error === 'string' ? error : '') || response.statusText;
  const retry = Number(response.headers.get('Retry-After'));
  return new ApiProblem(response.status, body.error_type ?? '', text, body.request_id ?? response.headers.get('X-Request-Id'), retry > 0 ? retry : null);
}
