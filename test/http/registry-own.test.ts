import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifier, publish } from '../serving/support.ts';
import { items, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const post = (path: string, body: unknown) => server.call('POST', `/api/2.0/mlflow/${path}`, body);
const get = (path: string) => server.call('GET', `/api/v1/models/${path}`);
const source = 'mlflow-artifacts:/0/x/artifacts/model';

async function model(name: string, versions: number): Promise<void> {
  await post('registered-models/create', { name, tags: [{ key: 'team', value: 'red' }] });
  for (let i = 0; i < versions; i++) await post('model-versions/create', { name, source });
}

describe('a model', () => {
  test('shows its aliases with who moved them and when, and how many versions there are', async () => {
    const name = 'A model (ä)';
    await model(name, 2);
    await post('registered-models/alias', { name, alias: 'champion', version: '1' });
    await post('registered-models/alias', { name, alias: 'champion', version: '2' });
    const { status, body } = await get(encodeURIComponent(name));
    expect(status).toBe(200);
    expect(body).toEqual({
      model_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name,
      description: '',
      tags: { team: 'red' },
      aliases: [{ alias: 'champion', version: 2, since: expect.any(Number), by: expect.any(String) }],
      stages: { Staging: [], Production: [], Archived: [] },
      versions: 2,
      policy: null,
      created_at: expect.any(Number),
      updated_at: expect.any(Number),
    });
  });

  test('lists its versions newest first, page by page', async () => {
    await model('pages', 5);
    const seen: unknown[] = [];
    for (let token = ''; ; ) {
      const { body } = await get(`pages/versions?max_results=2${token && `&page_token=${token}`}`);
      const page = items(body['versions']);
      expect(page.length).toBeLessThanOrEqual(2);
      seen.push(...page.map(({ version }) => version));
      if (body['next_page_token'] === undefined) break;
      token = String(body['next_page_token']);
    }
    expect(seen).toEqual([5, 4, 3, 2, 1]);
  });
});

describe('a version', () => {
  test('shows the run that made it, what it measured, and the commit it ran', async () => {
    const run = (
      await post('runs/create', {
        run_name: 'training',
        tags: [
          { key: 'mlflow.source.git.commit', value: 'c0ffee1' },
          { key: 'mlflow.source.git.repoURL', value: 'git@github.com:team/model.git' },
        ],
      })
    ).body['run']?.['info'];
    const run_id = String(run?.['run_id']);
    await post('runs/log-batch', {
      run_id,
      metrics: [
        { key: 'acc', value: 0.5, timestamp: 1, step: 0 },
        { key: 'bad', value: 'NaN', timestamp: 1, step: 0 },
      ],
      params: [{ key: 'depth', value: '3' }],
    });
    await post('registered-models/create', { name: 'of run' });
    await post('model-versions/create', { name: 'of run', source: `runs:/${run_id}/model`, run_id });
    const { body } = await get('of%20run/versions/1');
    expect(body).toMatchObject({
      name: 'of run',
      version: 1,
      stage: 'None',
      aliases: [],
      run_id,
      logged_model_id: null,
      inspection: { state: 'pending' },
      flavours: [],
      signed: false,
      artifact: null,
      signing: null,
      conversion: null,
      run: {
        run_id,
        name: 'training',
        experiment_id: '0',
        experiment_name: 'Default',
        metrics: { acc: 0.5, bad: 'NaN' },
        params: { depth: '3' },
        git: {
          commit: 'c0ffee1',
          branch: null,
          repo_url: 'git@github.com:team/model.git',
          link: 'https://github.com/team/model/commit/c0ffee1',
        },
      },
    });
  });

  test('that is ready shows its signature and the copy that is served', async () => {
    await publish(server, 'iris', classifier());
    const { body } = await get('iris/versions/1');
    expect(body['aliases']).toEqual(['champion']);
    expect(body['inspection']).toMatchObject({
      state: 'ready',
      ready: {
        digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        signature: { inputs: [{ name: 'input', element_type: 'float32', shape: ['batch', 3] }] },
        labels: ['setosa', 'versicolor', 'virginica'],
        served: { digest: expect.stringMatching(/^sha256:/), changes: [], external: [] },
        timings: { load_milliseconds: expect.any(Number) },
      },
    });
    const listed = items((await get('iris/versions')).body['versions']);
    expect(listed[0]?.['inspection']).toEqual({ state: 'ready' });
  });

  test('that cannot be served shows why; a run that is not of this server is none', async () => {
    await post('registered-models/create', { name: 'lost' });
    await post('model-versions/create', { name: 'lost', source: 's3://elsewhere/model', run_id: 'foreign' });
    await server.drain();
    const { body } = await get('lost/versions/1');
    expect(body).toMatchObject({
      run_id: 'foreign',
      run: null,
      inspection: { state: 'refused', reason: expect.stringContaining('s3://elsewhere') },
    });
  });
});

test.each([
  ['nobody', 404, 'Registered Model with name=nobody not found'],
  ['nobody/versions', 404, 'Registered Model with name=nobody not found'],
  ['known/versions/9', 404, /version=9\) not found/],
  ['known/versions/x', 400, /must be the number of a version/],
  ['known/versions?page_token=x', 400, /Invalid page token/],
  ['known/versions?max_results=0', 400, /between 1 and 1000/],
])('GET %s is %i', async (path, status, detail) => {
  await post('registered-models/create', { name: 'known' });
  expect(await get(path)).toMatchObject({ status, body: { status, detail: expect.stringMatching(detail) } });
});
