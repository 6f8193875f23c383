/** What a REST call was answered; `body` is `undefined` where it was no JSON. */
export type Answer = { readonly status: number; readonly body: unknown };

/** Calls Azure Resource Manager or Microsoft Graph, with a bearer token. */
export type Rest = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>;

const secondsMax = 30;

/** Calls at `base` by `token`. Throws where nobody answers. */
export function restAt(base: string, token: string): Rest {
  return async (method, path, body, headers) => {
    const response = await fetch(base + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(secondsMax * 1000),
    });
    const text = await response.text();
    return { status: response.status, body: parsed(text) };
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
