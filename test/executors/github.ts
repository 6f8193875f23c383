import { once } from 'node:events';
import { createServer } from 'node:http';

export type WorkflowRun = {
  id: number;
  display_title: string;
  event: string;
  created_at: string;
  status: string;
  conclusion: string | null;
  html_url: string;
};

/** What becomes of a dispatch: 200 that names the run, 204, or a fault. */
export type DispatchAnswer =
  | 'named'
  | 'nameless'
  /** A server that does not know `return_run_details`. */
  | 'old'
  /** Taken, and no run begins: no workflow listens. */
  | 'runless'
  | 'taken-then-silent'
  | 'taken-then-500'
  | 'not-taken-500'
  | 'rate-limit'
  | 'secondary-limit'
  | 401
  | 403
  | 404
  | 422;

/**
 * GitHub's REST API as far as workflows of one repository, `acme/models`, need it, by its documentation
 * (https://docs.github.com/rest/actions/workflows, …/actions/workflow-runs, …/repos/repos#create-a-repository-dispatch-event):
 * dispatches answer 204, with `return_run_details` 200; runs are listed newest first, filtered by `event` and
 * `created=>=<time>`; a cancel answers 202, or 409 where the run has ended. Runs go on until the test ends them.
 */
export async function openGithub(token: string) {
  const runs: WorkflowRun[] = [];
  const requests: { method: string; path: string; body: Record<string, unknown> }[] = [];
  const state = { dispatch: 'named' as DispatchAnswer, reading: 200, cancel: 202, resetAt: 0 };
  const http = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const text = Buffer.concat(await request.toArray()).toString();
      const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
      const path = url.pathname.replace('/repos/acme/models', '');
      requests.push({ method: request.method ?? '', path, body });
      const answer = (status: number, content?: unknown, headers: Record<string, string> = {}) =>
        response
          .writeHead(status, { 'content-type': 'application/json', ...headers })
          .end(content === undefined ? undefined : JSON.stringify(content));
      const problem = (status: number, message: string, headers?: Record<string, string>) =>
        answer(status, { message, documentation_url: 'https://docs.github.com/rest' }, headers);
      if (request.headers.authorization !== `Bearer ${token}`) return problem(401, 'Bad credentials');
      if (request.headers['user-agent'] === undefined) return problem(403, 'User-Agent required');
      if (!url.pathname.startsWith('/repos/acme/models/')) return problem(404, 'Not Found');
      if (path.endsWith('/dispatches')) {
        const begin = () => {
          const given = (body['inputs'] ?? body['client_payload']) as Record<string, string>;
          const id = 100 + runs.length;
          runs.unshift({
            id,
            display_title: `cairn_job=${given['cairn_job']}`,
            event: path === '/dispatches' ? 'repository_dispatch' : 'workflow_dispatch',
            created_at: new Date().toISOString(),
            status: 'queued',
            conclusion: null,
            html_url: `https://github.example/acme/models/actions/runs/${id}`,
          });
          return id;
        };
        switch (state.dispatch) {
          case 'rate-limit':
            return problem(403, 'API rate limit exceeded', {
              'x-ratelimit-remaining': '0',
              'x-ratelimit-reset': String(Math.ceil(state.resetAt / 1000)),
            });
          case 'secondary-limit':
            return problem(429, 'You have exceeded a secondary rate limit', { 'retry-after': '7' });
          case 'not-taken-500':
            return problem(502, 'Server Error');
          case 'taken-then-500':
            begin();
            return problem(502, 'Server Error');
          case 'taken-then-silent':
            begin();
            return request.socket.destroy();
          case 'old':
            if (body['return_run_details'] !== undefined)
              return problem(422, 'Invalid request. "return_run_details" is not a permitted key.');
            begin();
            return answer(204);
          case 'runless':
            return answer(204);
          case 'named':
          case 'nameless': {
            const id = begin();
            if (state.dispatch === 'nameless' || body['return_run_details'] !== true) return answer(204);
            return answer(200, {
              workflow_run_id: id,
              run_url: `https://api.github.example/repos/acme/models/actions/runs/${id}`,
              html_url: runs[0]?.html_url,
            });
          }
          default:
            return problem(state.dispatch, state.dispatch === 422 ? 'No ref found for: main' : 'Refused');
        }
      }
      if (state.reading !== 200) return problem(state.reading, 'Not now', { 'retry-after': '3' });
      const [, id, verb] = /^\/actions\/runs\/(\d+)(\/cancel)?$/.exec(path) ?? [];
      if (id === undefined) {
        const since = Date.parse(url.searchParams.get('created')?.replace(/^>=/, '') ?? '');
        const found = runs.filter(
          (run) => run.event === url.searchParams.get('event') && Date.parse(run.created_at) >= since,
        );
        const [page, size] = ['page', 'per_page'].map((name) => Number(url.searchParams.get(name)));
        const first = ((page ?? 1) - 1) * (size ?? 30);
        return answer(200, {
          total_count: found.length,
          workflow_runs: found.slice(first, first + (size ?? 30)),
        });
      }
      const run = runs.find((each) => each.id === Number(id));
      if (!run) return problem(404, 'Not Found');
      if (verb === undefined) return answer(200, run);
      if (run.status === 'completed') return problem(409, 'Cannot cancel a workflow run that is completed.');
      if (state.cancel === 202) Object.assign(run, { status: 'completed', conclusion: 'cancelled' });
      return answer(state.cancel, {});
    })();
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    runs,
    requests,
    state,
    dispatches: () => requests.filter(({ path }) => path.endsWith('/dispatches')),
    close() {
      http.close();
      http.closeAllConnections();
    },
  };
}
