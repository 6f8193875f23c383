/**
 * A small client of Cairn's HTTP API, as any program would write it: MLflow's endpoints for tracking and
 * registry, Cairn's own below /api/v1.
 */
export class Cairn {
  readonly url: string;
  readonly #user: string | undefined;

  constructor(url: string, user?: string) {
    this.url = url.replace(/\/+$/, '');
    this.#user = user;
  }

  /** The same server, asked by somebody by name: a platform on loopback takes the name's word. */
  as(user: string): Cairn {
    return new Cairn(this.url, user);
  }

  /** A JSON call; a status of 400 or more is an error that quotes the answer. */
  async call<T = Json>(method: string, path: string, body?: unknown): Promise<T> {
    const init =
      body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await this.send(path, { method, ...init });
    return (await response.json()) as T;
  }

  /** MLflow's endpoints below /api/2.0/mlflow. */
  mlflow<T = Json>(method: string, path: string, body?: unknown): Promise<T> {
    return this.call<T>(method, `/api/2.0/mlflow/${path}`, body);
  }

  /** The response to any request; a status of 400 or more is an error that quotes the answer. */
  async send(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    // As MLflow's client does: the platform gives a retraining both.
    const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_WORKSPACE: workspace } = process.env;
    if (this.#user) headers.set('authorization', `Basic ${btoa(`${this.#user}:`)}`);
    else if (token) headers.set('authorization', `Bearer ${token}`);
    if (workspace) headers.set('x-mlflow-workspace', workspace);
    const response = await fetch(`${this.url}${path}`, { ...init, headers });
    if (response.ok) return response;
    const method = init.method ?? 'GET';
    throw new Error(
      `${method} ${path} answered ${response.status}: ${(await response.text()).slice(0, 500)}`,
    );
  }

  /** Stores a file among the artifacts of a run. */
  async putArtifact(artifactUri: string, path: string, data: string | Uint8Array): Promise<void> {
    await this.send(artifactPath(artifactUri, path), {
      method: 'PUT',
      body: typeof data === 'string' ? data : Buffer.from(data),
    });
  }

  async getArtifact(artifactUri: string, path: string): Promise<Buffer> {
    const response = await this.send(artifactPath(artifactUri, path));
    return Buffer.from(await response.arrayBuffer());
  }
}

/** Parsed JSON of an answer. */
export type Json = { readonly [key: string]: Json };

/** What an answer has as a list, which it may leave out. */
export function list(value: Json | undefined): Json[] {
  return (value ?? []) as unknown as Json[];
}

/** Asks again and again until the answer is not `undefined`; after `secondsMax` an error says what was awaited. */
export async function eventually<T>(
  what: string,
  secondsMax: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + secondsMax * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${secondsMax} s.`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function artifactPath(artifactUri: string, path: string): string {
  const root = artifactUri.replace(/^mlflow-artifacts:\//, '');
  return `/api/2.0/mlflow-artifacts/artifacts/${root}/${path.split('/').map(encodeURIComponent).join('/')}`;
}
