import { once } from 'node:events';
import { createServer } from 'node:http';

type Variable = { name: string; value?: string; secretRef?: string };
type Template = { containers: { name: string; image: string; env?: Variable[] }[] };
export type ContainerExecution = { name: string; status: string; template: Template };

/** How a start goes: with an answer that names the execution, with one that does not, or not at all. */
export type StartAnswer = 'named' | 'nameless' | 'refused' | 'unavailable';

/** What a caller must be allowed for each request, as the operations of Microsoft.App are documented. */
const operations: Readonly<Record<string, string>> = {
  'GET ': 'Microsoft.App/jobs/read',
  'POST start': 'Microsoft.App/jobs/start/action',
  'GET executions': 'Microsoft.App/jobs/executions/read',
  'GET executions/:name': 'Microsoft.App/jobs/execution/read',
  'POST executions/:name/stop': 'Microsoft.App/jobs/stop/execution/action',
};

/**
 * Azure Resource Manager, as far as one Container Apps job needs it, by its documented REST API
 * (https://learn.microsoft.com/rest/api/containerapps/jobs): a start with a body replaces the template of
 * the job as a whole. Executions run until the test gives them a status. Its caller has a role of these `actions`.
 */
export async function openResourceManager(resourceId: string, actions: readonly string[]) {
  const executions: ContainerExecution[] = [];
  const requests: string[] = [];
  const used = new Set<string>();
  const state = { answer: 'named' as StartAnswer };
  const template: Template = {
    containers: [
      {
        name: 'converter',
        image: 'registry.example/converter@sha256:1',
        env: [{ name: 'CAIRN_TOKEN', secretRef: 'token' }],
      },
    ],
  };
  const http = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const body = Buffer.concat(await request.toArray()).toString();
      const path = url.pathname.replace(resourceId, '');
      requests.push(`${request.method} ${path}`);
      const answer = (status: number, content?: unknown) =>
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(content === undefined ? undefined : JSON.stringify(content));
      const problem = (status: number, message: string) =>
        answer(status, { error: { code: 'Failure', message } });
      if (request.headers.authorization !== 'Bearer of-the-app') return problem(401, 'Who is this?');
      if (url.searchParams.get('api-version') !== '2024-03-01') return problem(400, 'No such version.');
      if (!url.pathname.startsWith(resourceId)) return problem(404, 'No such resource.');
      const [, collection, name, verb] = path.split('/');
      const found = executions.find((execution) => execution.name === name);
      const asked = `${request.method} ${[collection, name && ':name', verb].filter(Boolean).join('/')}`;
      const action = operations[asked];
      if (action !== undefined && !actions.includes(action))
        return problem(403, `The client may not perform '${action}'.`);
      if (action !== undefined) used.add(action);
      switch (asked) {
        case 'GET ':
          return answer(200, { id: resourceId, properties: { template } });
        case 'POST start': {
          if (state.answer === 'refused') return problem(403, 'The client has no role.');
          if (state.answer === 'unavailable') return problem(503, 'Try again.');
          const started = {
            name: `convert-${executions.length}`,
            status: 'Running',
            template: JSON.parse(body),
          };
          executions.push(started);
          if (state.answer === 'nameless') return answer(202);
          return answer(200, { id: `${resourceId}/executions/${started.name}`, name: started.name });
        }
        case 'GET executions':
          return answer(200, { value: executions.map(shown) });
        case 'GET executions/:name':
          return found ? answer(200, shown(found)) : problem(404, 'No such execution.');
        case 'POST executions/:name/stop':
          if (!found) return problem(404, 'No such execution.');
          found.status = 'Stopped';
          return answer(202);
        default:
          return problem(404, 'No such operation.');
      }
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    executions,
    requests,
    /** Of the actions, those that were needed. */
    used,
    state,
    close() {
      http.close();
      http.closeAllConnections();
    },
  };
}

function shown({ name, status, template }: ContainerExecution) {
  return { name, properties: { status, template, startTime: '2026-01-01T00:00:00Z' } };
}
