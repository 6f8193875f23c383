import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getExperiment, getLoggedModel, getRun } from '../../shared/tracking/index.ts';
import type { Things } from './routes.ts';
import { type GuardedServer, guardedServer } from './support.ts';
import { makeThings } from './things.ts';

/** What the call is let through for is what it acts on: of the other's things nothing is told and nothing changes. */

const mlflow = '/api/2.0/mlflow';
const files = '/api/2.0/mlflow-artifacts/artifacts';

let server: GuardedServer;
let mine: Things;
let other: Things;
/** Contributor of `mine` alone. */
let ann: string;
/** Contributor of everything but `other`. */
let bob: string;
beforeAll(async () => {
  server = await guardedServer({ CAIRN_CALLS_PER_MINUTE: '1000000' });
  mine = await makeThings(server, 'mine');
  other = await makeThings(server, 'other');
  ann = await server.person('ann');
  bob = await server.person('bob', 'contributor');
  const rule = (body: object) => server.admin('POST', '/api/v1/access/grants', body);
  const workspace = 'default';
  for (const [type, id] of [
    ['experiment', mine.experiment],
    ['model', mine.modelId],
    ['endpoint', mine.endpoint],
  ])
    await rule({
      ...{ subject: 'principal:ann', workspace, effect: 'allow', role: 'contributor' },
      resource: { type, id },
    });
  for (const [type, id] of [
    ['experiment', other.experiment],
    ['model', other.modelId],
    ['endpoint', other.endpoint],
  ])
    await rule({ subject: 'principal:bob', workspace, effect: 'deny', resource: { type, id } });
});
afterAll(() => server.close());

type Sent = { method?: string; body?: string; headers?: Record<string, string> };
/** What is sent, and with which statuses it may be refused: 403 unless said otherwise. */
type Trial = readonly [path: string, sent?: Sent, statuses?: readonly number[]];

async function send(authorization: string, path: string, { method, body, headers }: Sent = {}) {
  const response = await server.fetch(path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      authorization,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
}

/** All that there is of somebody's things, as it stands. */
async function stateOf({ experiment, run, loggedModel, file }: Things): Promise<string> {
  const { ctx } = server;
  return JSON.stringify([
    await getExperiment(ctx, experiment),
    await getRun(ctx, run),
    await getLoggedModel(ctx, loggedModel, { deleted: true }),
    (await ctx.stores.blobs('artifacts').read(`default/${file}`))?.toString(),
  ]);
}

/** What nobody may read of the other's things who was not told. */
const secrets = /run other|experiment other|logged other|bytes of other|secret-other|42\.125/;

/** Sends all of it for both callers: what went wrong where one got another status, was told something, or changed something. */
async function leaks(...trials: readonly Trial[]): Promise<string[]> {
  const before = await stateOf(other);
  const wrong = await Promise.all(
    trials.flatMap(([path, sent, statuses = [403]]) =>
      [ann, bob].map(async (caller) => {
        const { status, text } = await send(caller, path, sent);
        const isRefused = statuses.includes(status) && !secrets.test(text);
        return isRefused ? [] : [`${status} ${sent?.method ?? ''} ${path}: ${text}`];
      }),
    ),
  );
  const changed = (await stateOf(other)) === before ? [] : ["what is the other's has changed"];
  return [...wrong.flat(), ...changed];
}

describe('the same thing named twice', () => {
  test('is looked at by both names of a run', async () => {
    const tag = { run_id: mine.run, run_uuid: other.run, key: 'k', value: 'v' };
    expect(
      await leaks(
        [`${mlflow}/runs/get?run_id=${mine.run}&run_uuid=${other.run}`],
        [`${mlflow}/runs/get?run_uuid=${mine.run}&run_id=${other.run}`],
        [`${mlflow}/runs/set-tag`, { body: JSON.stringify(tag) }],
      ),
    ).toEqual([]);
  });

  test('is refused where a query says it twice', async () => {
    const queries = [`run_id=${mine.run}&run_id=${other.run}`, `run_id=${other.run}&run_id=${mine.run}`];
    const uploads = [`run_uuid=${mine.run}&run_uuid=${other.run}`, `run_uuid=${other.run}`];
    const statuses = [400, 403];
    expect(
      await leaks(
        ...queries.flatMap((query): Trial[] => [
          [`${mlflow}/runs/get?${query}`, {}, statuses],
          [`/get-artifact?${query}&path=secret-other.txt`, {}, statuses],
        ]),
        ...uploads.map((query): Trial => {
          const path = `/ajax-api/2.0/mlflow/upload-artifact?${query}&path=x.txt`;
          return [path, { body: '"x"' }, statuses];
        }),
      ),
    ).toEqual([]);
  });

  test('is what the last of a JSON object’s equal keys says, for the guard and for the handler', async () => {
    const body = (first: string, last: string) =>
      `{"run_id":"${first}","run_id":"${last}","key":"k","value":"v"}`;
    expect(await leaks([`${mlflow}/runs/set-tag`, { body: body(mine.run, other.run) }])).toEqual([]);
    const before = await stateOf(other);
    expect((await send(ann, `${mlflow}/runs/set-tag`, { body: body(other.run, mine.run) })).status).toBe(200);
    expect(await stateOf(other)).toBe(before);
  });

  test('is what the path says, whatever the body or the query does', async () => {
    const body = (id: string) => JSON.stringify({ model_id: id, tags: [{ key: 'k', value: 'v' }] });
    const at = (id: string) => `${mlflow}/logged-models/${id}/tags`;
    const before = await stateOf(other);
    const sent = { method: 'PATCH', body: body(other.loggedModel) };
    expect((await send(ann, at(mine.loggedModel), sent)).status).toBe(200);
    expect(await stateOf(other)).toBe(before);
    expect(
      await leaks(
        [at(other.loggedModel), { method: 'PATCH', body: body(mine.loggedModel) }],
        [`${mlflow}/logged-models/${other.loggedModel}?model_id=${mine.loggedModel}`],
        [`${files}/${other.file}?path=${mine.file}`],
      ),
    ).toEqual([]);
    const text = `${files}/${mine.file}?path=${other.file}`;
    expect((await send(ann, text)).text).toBe('bytes of mine');
  });

  test('is not inherited from a prototype', async () => {
    const tag = `"key":"k","value":"v"`;
    const sent = [
      `{"__proto__":{"run_id":"${mine.run}"},"run_id":"${other.run}",${tag}}`,
      `{"constructor":{"prototype":{"run_id":"${mine.run}"}},"run_id":"${other.run}",${tag}}`,
      `{"__proto__":{"run_id":"${other.run}"},${tag}}`,
    ];
    const query = `__proto__=${mine.run}&__proto__=${mine.run}&run_id=${other.run}`;
    expect(
      await leaks(
        [`${mlflow}/runs/get?${query}`],
        ...sent.map((body): Trial => [`${mlflow}/runs/set-tag`, { body }, [400, 403]]),
      ),
    ).toEqual([]);
    const before = await stateOf(other);
    const body = `{"run_id":"${mine.run}","__proto__":{"run_uuid":"${other.run}"},${tag}}`;
    expect((await send(ann, `${mlflow}/runs/set-tag`, { body })).status).toBe(200);
    expect(await stateOf(other)).toBe(before);
  });

  test('is found in a body that is encoded twice, and not under names that nobody reads', async () => {
    const body = { run_id: other.run, key: 'k', value: 'v' };
    expect(await leaks([`${mlflow}/runs/set-tag`, { body: JSON.stringify(JSON.stringify(body)) }])).toEqual(
      [],
    );
    const before = await stateOf(other);
    const sent = {
      body: JSON.stringify({ ...body, run_id: mine.run, runId: other.run, runUuid: other.run }),
    };
    expect((await send(ann, `${mlflow}/runs/set-tag`, sent)).status).toBe(200);
    expect(await stateOf(other)).toBe(before);
  });
});

describe('another spelling of an id', () => {
  const refusedBy = (path: (id: string) => string, names: readonly string[]) =>
    leaks(...names.map((name): Trial => [path(name), {}, [400, 403, 404]]));

  test('is the same experiment', async () => {
    const names = [`+${other.experiment}`, `00${other.experiment}`, ` ${other.experiment}`];
    const path = (id: string) => `${mlflow}/experiments/get?experiment_id=${encodeURIComponent(id)}`;
    expect(await refusedBy(path, names)).toEqual([]);
  });

  test('is no run, and no logged model', async () => {
    const runs = [
      other.run.toUpperCase(),
      ` ${other.run}`,
      `${other.run}\n`,
      `${other.run}/`,
      `{${other.run}}`,
    ];
    const models = [`${mine.loggedModel}%2f..%2f${other.loggedModel}`, `%20${other.loggedModel}`];
    const ofRun = (id: string) => `${mlflow}/runs/get?run_id=${encodeURIComponent(id)}`;
    expect(await refusedBy(ofRun, runs)).toEqual([]);
    expect(await refusedBy((id) => `${mlflow}/logged-models/${id}`, models)).toEqual([]);
  });

  test('in the list of a bulk call is found among others that are allowed', async () => {
    const bulk = `run_id=${mine.run}&run_id=${other.run}&metric_key=m`;
    const interval = `run_ids=${mine.run}&run_ids=${other.run}&metric_key=m`;
    expect(
      await leaks(
        [`${mlflow}/metrics/get-history-bulk-interval?${interval}`],
        [`/ajax-api/2.0/mlflow/metrics/get-history-bulk?${bulk}`],
      ),
    ).toEqual([]);
  });
});

describe('another spelling of a path', () => {
  const percent = (text: string) =>
    Array.from(text, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
  const twice = (text: string) => percent(text).replaceAll('%', '%25');

  test('of an artifact is the same artifact, or none', async () => {
    const [folder = '', ...rest] = other.file.split('/');
    const below = rest.join('/');
    const spellings = [
      other.file,
      `${percent(folder)}/${below}`,
      `${twice(folder)}/${twice(below)}`,
      `${twice(folder)}/${below}`,
      percent(other.file),
      twice(other.file),
      `${mine.experiment}/..%2f${other.file}`,
      `${mine.experiment}/%2e%2e/${other.file}`,
      `${mine.experiment}/%252e%252e/${other.file}`,
      `${mine.experiment}%2f..%2f${percent(other.file)}`,
      `${mine.experiment}/..\\${other.file}`,
      `${mine.experiment}/..%5c${other.file}`,
      `./${other.file}`,
      `/${other.file}`,
      `%2f${other.file}`,
      `${folder}//${below}`,
      `${folder}%00/${below}`,
      `${other.file}/`,
    ];
    const statuses = [400, 403, 404];
    expect(
      await leaks(
        ...spellings.flatMap((path): Trial[] => [
          [`${files}/${path}`, {}, statuses],
          [`${files}/${path}`, { method: 'DELETE' }, statuses],
          [`/api/2.0/mlflow-artifacts/presigned/${path}`, {}, statuses],
          [`/mlflow/ajax-api/2.0/mlflow-artifacts/artifacts/${path}`, {}, statuses],
        ]),
      ),
    ).toEqual([]);
  });

  test('of a folder lists nothing of it', async () => {
    const folder = other.file.slice(0, other.file.lastIndexOf('/'));
    const { experiment } = other;
    const paths = [folder, `${folder}/`, percent(folder), experiment, percent(experiment)];
    expect(
      await leaks(
        ...paths.map((path): Trial => [`${files}?path=${encodeURIComponent(path)}`, {}, [400, 403]]),
      ),
    ).toEqual([]);
  });

  test('of a route is no way around its guard', async () => {
    const query = `run_id=${other.run}`;
    const paths = [
      `${mlflow}/runs/get/?${query}`,
      `/api/2.0/mlflow//runs/get?${query}`,
      `//api/2.0/mlflow/runs/get?${query}`,
      `/api/2.0/./mlflow/runs/get?${query}`,
      `/api/2.0/x/../mlflow/runs/get?${query}`,
      `/api/2.0/x/%2e%2e/mlflow/runs/get?${query}`,
      `/health/%2e%2e${mlflow}/runs/get?${query}`,
      `/api/2.0/mlflow%2fruns%2fget?${query}`,
      `/API/2.0/mlflow/runs/get?${query}`,
      `${mlflow}/runs/get;x=1?${query}`,
      `/mlflow${mlflow}/runs/get?${query}`,
      `/mlflow/ajax-api/2.0/mlflow/runs/get?${query}`,
      `/mlflow/mlflow/ajax-api/2.0/mlflow/runs/get?${query}`,
      `/ajax-api/2.0/mlflow/runs/get?${query}`,
    ];
    expect(await leaks(...paths.map((path): Trial => [path, {}, [400, 403, 404]]))).toEqual([]);
  });
});

describe('another method', () => {
  const at = () => `${mlflow}/runs/get?run_id=${other.run}`;

  test('is guarded where it is another way to ask the same, and runs nothing elsewhere', async () => {
    const others = ['OPTIONS', 'TRACE2', 'PUT', 'PATCH', 'DELETE', 'POST', 'PROPFIND'];
    expect(
      await leaks([at(), { method: 'HEAD' }], ...others.map((method): Trial => [at(), { method }, [405]])),
    ).toEqual([]);
    const unsigned = await server.fetch(at(), { method: 'HEAD' });
    expect(unsigned.status).toBe(401);
  });

  test('is not what a header says', async () => {
    for (const name of ['x-http-method-override', 'x-method-override', 'x-http-method']) {
      const path = `${files}/${mine.file}`;
      const got = await send(ann, path, { headers: { [name]: 'DELETE' } });
      expect([got.status, got.text]).toEqual([200, 'bytes of mine']);
    }
  });
});

describe('another way to say where', () => {
  test('is no workspace, and no other path', async () => {
    const path = `${mlflow}/runs/get?run_id=${other.run}`;
    const workspaces = ['default, default', 'default,elsewhere', '*', '../default', 'DEFAULT'];
    const paths = ['x-original-url', 'x-rewrite-url', 'x-forwarded-prefix', 'x-forwarded-path'];
    const people = ['x-forwarded-user', 'x-ms-client-principal-id', 'x-remote-user'];
    const elsewhere = `${mlflow}/runs/get?run_id=${mine.run}`;
    expect(
      await leaks(
        ...workspaces.map((name): Trial => [path, { headers: { 'x-mlflow-workspace': name } }, [400]]),
        ...paths.map((name): Trial => [path, { headers: { [name]: elsewhere } }]),
        ...people.map((name): Trial => [path, { headers: { [name]: 'admin' } }]),
      ),
    ).toEqual([]);
  });
});

describe('through GraphQL', () => {
  const ask = async (caller: string, query: string, variables?: object) =>
    send(caller, '/graphql', { body: JSON.stringify({ query, variables }) });

  test('each field is guarded as the endpoint that answers it', async () => {
    for (const caller of [ann, bob]) {
      const both = `{ a: mlflowGetRun(input: { runId: "${mine.run}" }) { run { info { runName } } }
        b: mlflowGetRun(input: { runId: "${other.run}" }) { run { info { runName } } apiError { code } } }`;
      const { status, text } = await ask(caller, both);
      expect(status).toBe(200);
      expect(text).not.toMatch(secrets);
      expect(JSON.parse(text)).toMatchObject({
        data: {
          a: { run: { info: { runName: 'run mine' } } },
          b: { run: null, apiError: { code: 'PERMISSION_DENIED' } },
        },
      });
    }
  });

  test('nothing is told of the other’s by variables, lists or both names', async () => {
    const queries: [string, object?][] = [
      [
        'query($id: String) { mlflowGetRun(input: { runId: $id }) { run { info { runName } } } }',
        { id: other.run },
      ],
      [
        `{ mlflowGetRun(input: { runId: "${mine.run}", runUuid: "${other.run}" }) { run { info { runName } } } }`,
      ],
      [`{ mlflowGetExperiment(input: { experimentId: "${other.experiment}" }) { experiment { name } } }`],
      [`{ mlflowListArtifacts(input: { runId: "${other.run}" }) { files { path } } }`],
      [
        `{ mlflowGetMetricHistoryBulkInterval(input: { runIds: ["${mine.run}", "${other.run}"], metricKey: "m" }) { metrics { value } } }`,
      ],
      [
        `mutation { mlflowSearchRuns(input: { experimentIds: ["${other.experiment}"] }) { runs { info { runName } } } }`,
      ],
    ];
    for (const caller of [ann, bob])
      for (const [query, variables] of queries) {
        const { status, text } = await ask(caller, query, variables);
        expect([query, status]).toEqual([query, 200]);
        expect(text).not.toMatch(secrets);
      }
  });
});

describe('whether something exists', () => {
  const answersTo = async (caller: string, names: readonly string[], path: (name: string) => string) => {
    const answers = await Promise.all(names.map((name) => send(caller, path(name))));
    return new Set(
      answers.map(({ status, text }, i) => {
        const { requestId: _, ...told } = JSON.parse(text.replaceAll(names[i] ?? '', '…')) as {
          requestId?: string;
        };
        return JSON.stringify([status, told]);
      }),
    );
  };
  const run = (id: string) => `${mlflow}/runs/get?run_id=${id}`;
  const model = (name: string) => `${mlflow}/registered-models/get?name=${name}`;
  const version = (name: string) => `/api/v1/models/${name}/versions/1`;
  const endpoint = (name: string) => `/api/v1/endpoints/${name}`;
  const invocation = (name: string) => `/v2/models/${name}`;
  const monitor = (name: string) => `/api/v1/monitors/${name}`;
  const job = (name: string) => `/api/v1/batch-jobs/${name}`;
  const file = (name: string) => `${files}/${name}/x`;

  test('is not told to who has a role over single things only', async () => {
    const neverRun = `${other.run.slice(0, 16)}${'0'.repeat(16)}`;
    const runs = [other.run, neverRun, '0'.repeat(32), 'f'.repeat(32), 'no-run'];
    expect(await answersTo(ann, runs, run)).toHaveLength(1);
    for (const path of [model, version, endpoint, invocation])
      expect(await answersTo(ann, ['other', 'never'], path)).toHaveLength(1);
    expect(await answersTo(ann, [other.monitor, 'never'], monitor)).toHaveLength(1);
    expect(await answersTo(ann, [other.batchJob, 'never'], job)).toHaveLength(1);
    expect(await answersTo(ann, [other.experiment, '123', 'folder'], file)).toHaveLength(1);
  });

  test('is not told of what has a name that can be guessed to who is denied it', async () => {
    for (const path of [model, version, endpoint, invocation])
      expect(await answersTo(bob, ['other', 'never'], path)).toHaveLength(1);
    expect(await answersTo(bob, [other.monitor, 'never'], monitor)).toHaveLength(1);
    expect(await answersTo(bob, [other.batchJob, 'never'], job)).toHaveLength(1);
    const byName = (name: string) => `${mlflow}/experiments/get-by-name?experiment_name=${name}`;
    expect(await answersTo(bob, [other.experimentName, 'never'], byName)).toHaveLength(1);
  });
});

describe('a large body', () => {
  test('of somebody without a role is refused before it is read', async () => {
    const stranger = await server.person('stranger');
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const response = await server.fetch(`${mlflow}/runs/log-batch`, {
      ...{ method: 'POST', body, duplex: 'half' },
      headers: { authorization: stranger, 'content-type': 'application/json' },
    });
    expect(response.status).toBe(403);
    expect(pulled).toBeLessThan(3);
  });
});
