import { createHash } from 'node:crypto';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { evaluationCsv, callsOf, classifier } from '../promotion/support.ts';
import { eventually } from '../support/eventually.ts';
import { items, type JsonObject } from '../support/server.ts';
import { signingServer } from './support.ts';

let server: Awaited<ReturnType<typeof signingServer>>;
const model = 'churn (EU) | <b>';
const base = `/api/v1/models/${encodeURIComponent(model)}`;

/**
 * Two runs, and a version of each. The second was refused by a gate, approved, promoted and rolled back,
 * and then promoted over a gate that it failed, and rolled back again.
 */
beforeAll(async () => {
  server = await signingServer();
  const [ada, bob, root] = ['ada', 'bob', 'root'].map((name) => callsOf(server, name));
  if (!ada || !bob || !root) throw new Error('Three people are needed.');
  const mlflow = '/api/2.0/mlflow';
  const ok = async (answer: ReturnType<typeof ada>) => {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(JSON.stringify(body));
    return body;
  };
  await ok(
    ada('POST', `${mlflow}/registered-models/create`, {
      name: model,
      description: 'Tells who leaves.\n\n# Not a heading',
    }),
  );
  for (const [number, errors] of [
    [1, 0.1],
    [2, 0.2],
  ] as const) {
    const { run } = await ok(
      ada('POST', `${mlflow}/runs/create`, {
        experiment_id: '0',
        run_name: `training ${number}`,
        start_time: 1000,
        tags: [
          { key: 'mlflow.source.git.commit', value: 'c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1c0ffe' },
          { key: 'mlflow.source.git.repoURL', value: 'https://github.com/team/churn' },
        ],
      }),
    );
    const runId = String(run?.['info']?.['run_id']);
    await ok(
      ada('POST', `${mlflow}/runs/log-batch`, {
        run_id: runId,
        metrics: [
          { key: 'accuracy', value: 1 - errors, timestamp: 1, step: 0 },
          { key: 'loss', value: 'NaN', timestamp: 1, step: 0 },
        ],
        params: [{ key: 'depth', value: '3 | max' }],
      }),
    );
    await ok(
      ada('POST', `${mlflow}/runs/log-inputs`, {
        run_id: runId,
        datasets: [
          {
            dataset: {
              name: 'train',
              digest: 'abc123',
              source_type: 'local',
              source: '{"uri": "train.csv"}',
            },
            tags: [{ key: 'mlflow.data.context', value: 'training' }],
          },
        ],
      }),
    );
    const folder = String(run?.['info']?.['artifact_uri']).replace('mlflow-artifacts:/', '');
    for (const [path, bytes] of [
      ['model/model.onnx', Buffer.from(classifier(errors))],
      ['model/MLmodel', Buffer.from('flavors:\n  onnx:\n    data: model.onnx\n')],
      ['evaluation.csv', Buffer.from(evaluationCsv(200))],
    ] as const) {
      const url = `/api/2.0/mlflow-artifacts/artifacts/${folder}/${path}`;
      await server.fetch(url, { method: 'PUT', body: bytes });
    }
    await ok(
      ada('POST', `${mlflow}/model-versions/create`, {
        name: model,
        source: `runs:/${runId}/model`,
        run_id: runId,
        description: `Version ${number}.`,
        tags: [
          { key: 'cairn.limits', value: 'Customers of the EU only.' },
          {
            key: 'cairn.evaluation',
            value: JSON.stringify({
              kind: 'artifact',
              uri: `runs:/${runId}/evaluation.csv`,
              labelColumn: 'label',
            }),
          },
        ],
      }),
    );
    await server.drain();
  }
  const alias = { name: model, alias: 'champion', version: '1' };
  await ok(ada('POST', `${mlflow}/registered-models/alias`, alias));
  const guard = (...gates: readonly unknown[]) =>
    ok(root('PUT', `${base}/policy`, { aliases: ['champion'], stages: [], gates }));
  const promote = async () => {
    await ok(ada('POST', `${base}/promotions`, { version: 2, alias: 'champion', comment: 'please' }));
    await server.drain();
  };
  const rollBack = async (reason: string) => {
    await ok(bob('POST', `${base}/aliases/champion/rollback`, { reason, expected: 2 }));
    await server.drain();
  };
  const approvedAndOwned = [
    { gate: 'required-tags', tags: ['owner'] },
    { gate: 'approvals', count: 1 },
  ];

  await guard(...approvedAndOwned, { gate: 'signature' });
  await promote();
  const owner = { name: model, version: '2', key: 'owner', value: 'ada' };
  await ok(ada('POST', `${mlflow}/model-versions/set-tag`, owner));
  await promote();
  await ok(bob('POST', `${base}/promotions/2/approve`, { comment: 'well done' }));
  await server.drain();
  await rollBack('complaints');

  const metric = { gate: 'metric', key: 'accuracy', at_least: 0.99 };
  await guard(...approvedAndOwned, metric, { gate: 'no-regression', metric: 'accuracy', margin: 0.5 });
  await promote();
  await ok(root('POST', `${base}/promotions/3/override`, { reason: 'the metric is wrong' }));
  await server.drain();
  await rollBack('it was right');
}, 60_000);
afterAll(() => server.close());

async function archive(version: number): Promise<{ bytes: Buffer; files: Record<string, string> }> {
  const response = await server.fetch(`${base}/versions/${version}/evidence`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/zip');
  const bytes = Buffer.from(await response.arrayBuffer());
  const files = Object.entries(unzipSync(bytes)).map(([name, data]) => [name, strFromU8(data)] as const);
  return { bytes, files: Object.fromEntries(files) };
}
const json = (files: Record<string, string>, name: string) => JSON.parse(files[name] ?? '') as JsonObject;

test('the evidence holds all that speaks for a version, and a digest of each file', async () => {
  const { files } = await archive(2);
  expect(Object.keys(files)).toEqual([
    'README.txt',
    'card.md',
    'card.json',
    'lineage.json',
    'data.json',
    'promotions.json',
    'alias-history.json',
    'events.json',
    'manifest.json',
    'signature/model.sig',
    'signature/public-key.pem',
    'SHA256SUMS',
  ]);
  const { SHA256SUMS: sums = '', ...others } = files;
  expect(sums.trimEnd().split('\n')).toEqual(
    Object.entries(others).map(([name, text]) => `${sha256(text)}  ${name}`),
  );
});

test('the evidence tells what the gates said, who approved, who overrode them and why, and who took it back', async () => {
  const { files } = await archive(2);
  const { promotions, policies } = json(files, 'promotions.json');
  const [refused, approved, overridden] = items(promotions);
  expect(refused).toMatchObject({
    number: 1,
    status: 'refused',
    requested_by: 'ada',
    comment: 'please',
    champion: 1,
    gates: expect.arrayContaining([
      expect.objectContaining({ gate: 'required-tags', status: 'failed', says: expect.any(String) }),
    ]),
  });
  expect(approved).toMatchObject({
    status: 'promoted',
    override: null,
    approvals: [{ by: 'bob', comment: 'well done' }],
    gates: [
      { gate: 'required-tags', status: 'passed' },
      { gate: 'approvals', status: 'passed' },
      { gate: 'signature', status: 'passed', inputs: expect.any(Object) },
    ],
  });
  expect(overridden).toMatchObject({
    status: 'promoted',
    policy_version: 2,
    override: { by: 'root', reason: 'the metric is wrong' },
  });
  expect(items(overridden?.['gates']).map(({ gate, status }) => [gate, status])).toContainEqual([
    'metric',
    'overridden',
  ]);
  expect(items(policies)).toMatchObject([
    { version: 1, author: 'root' },
    { version: 2, author: 'root' },
  ]);
  expect(items(json(files, 'alias-history.json'))).toMatchObject([
    { alias: 'champion', from: 1, to: 2, cause: { kind: 'promotion', promotion: 2 } },
    { alias: 'champion', from: 2, to: 1, cause: { kind: 'rollback', reason: 'complaints' }, actor: 'bob' },
    { alias: 'champion', from: 1, to: 2, cause: { kind: 'promotion', promotion: 3 } },
    { alias: 'champion', from: 2, to: 1, cause: { kind: 'rollback', reason: 'it was right' }, actor: 'bob' },
  ]);
  const types = items(json(files, 'events.json')).map(({ type }) => type);
  expect(types).toEqual(
    expect.arrayContaining([
      'version.created',
      'version.ready',
      'version.signed',
      'version.tag-set',
      'promotion.requested',
      'promotion.judged',
      'promotion.approved',
      'promotion.overridden',
      'promotion.finished',
      'alias.moved',
    ]),
  );
  expect(types[0]).toBe('version.created');
});

test('the evidence tells the data with digests, and what lies there now', async () => {
  const { files } = await archive(2);
  expect(items(json(files, 'data.json'))).toEqual([
    {
      role: 'evaluation',
      name: null,
      uri: expect.stringMatching(/^runs:.*evaluation\.csv$/),
      digest: null,
      judged: { digest: `sha256:${sha256(evaluationCsv(200))}`, promotion: 3 },
      rows: null,
      context: null,
      stored_sha256: sha256(evaluationCsv(200)),
    },
    {
      role: 'input',
      name: 'train',
      uri: 'train.csv',
      digest: 'abc123',
      judged: null,
      rows: null,
      context: 'training',
      stored_sha256: null,
    },
  ]);
});

test('the evidence tells what the version came of', () =>
  eventually(async () => {
    const { files } = await archive(2);
    const kinds = new Set(items(json(files, 'lineage.json')['nodes']).map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(['version', 'run', 'code', 'dataset']));
    const { lineage } = json(files, 'card.json');
    expect(lineage).toEqual({ up: { code: 1, dataset: 2, run: 1 }, down: {}, truncated: false });
  }));

test('the evidence says by its real name how the model is fetched', async () => {
  const { files } = await archive(2);
  expect(files['README.txt']).toContain(`--artifact-uri 'models:/${model}/2' --dst-path model`);
});

test('a version that never lost its alias by a rollback says nothing of one, and no digest where no gate took it', async () => {
  const { body } = await server.call('GET', `${base}/versions/1/card?format=json`);
  expect(body).toMatchObject({ version: { aliases: ['champion'] }, rollbacks: [] });
  expect(body['limits']).toContainEqual(
    expect.stringMatching(/^Its evaluation set \S+ has no digest: it may have changed\.$/),
  );
});

test('the manifest in the evidence is the one whose digest was signed', async () => {
  const { files } = await archive(2);
  const card = json(files, 'card.json');
  expect(`sha256:${sha256(files['manifest.json'] ?? '')}`).toBe(card['artifact']?.['manifest_digest']);
  expect(files['README.txt']).toContain(sha256(files['manifest.json'] ?? ''));
  const signature = JSON.parse(files['signature/model.sig'] ?? '') as {
    verificationMaterial: { publicKey: { hint: string } };
  };
  expect(signature.verificationMaterial.publicKey.hint).toBe(sha256(files['signature/public-key.pem'] ?? ''));
});

test('evidence asked for again is the same bytes', () =>
  eventually(async () => {
    expect((await archive(1)).bytes.equals((await archive(1)).bytes)).toBe(true);
  }));

test('evidence of a version that does not exist is a problem, not an archive', async () => {
  const response = await server.fetch(`${base}/versions/9/evidence`);
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
});

test('a card is Markdown for people, with front matter for hubs', async () => {
  const response = await server.fetch(`${base}/versions/2/card`);
  expect(response.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
  const text = await response.text();
  const [, front = ''] = /^---\n(.*?)\n---\n/s.exec(text) ?? [];
  expect(parse(front)).toMatchObject({
    library_name: 'onnx',
    'model-index': [
      {
        name: `${model}/2`,
        results: [{ task: { type: 'tabular-classification' }, metrics: [{ type: 'accuracy', value: 0.8 }] }],
      },
    ],
  });
  for (const line of [
    String.raw`# churn (EU) \| &lt;b&gt;, version 2`,
    'Tells who leaves.',
    String.raw`\# Not a heading`,
    '- Customers of the EU only.',
    '- Promotion 3 let it pass over gates that it did not pass.',
    '| accuracy | 0.8 |',
    String.raw`| depth | 3 \| max |`,
  ])
    expect(text).toContain(line);
  const time = String.raw`\d{4}-[\d:.T-]+Z`;
  for (const line of [
    `- Aliases: none\n- Lost alias champion to version 1 by a rollback of bob, ${time}: complaints\n- Lost alias champion to version 1 by a rollback of bob, ${time}: it was right\n`,
    `### Promotion 2\n[^#]*- Rolled back by bob, ${time}: complaints\n`,
    `### Promotion 3\n[^#]*- Overridden by root, ${time}, over gates approvals, metric:accuracy: the metric is wrong\n- Rolled back by bob, ${time}: it was right\n`,
    String.raw`- Its evaluation set \S+ was named without a digest: judged with digest sha256:\w{64} \(promotion 3\), `,
    String.raw`\| evaluation \|.*\| sha256:\w{64}, as promotion 3 judged with it \|`,
  ])
    expect(text).toMatch(new RegExp(line));
  expect(text).not.toMatch(/^# Not/m);
});

test('a card is JSON for programs, and the format must be one of both', async () => {
  const { status, body } = await server.call('GET', `${base}/versions/2/card?format=json`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    model: { name: model },
    version: { version: 2, stage: 'None', aliases: [] },
    rollbacks: [
      { alias: 'champion', to: 1, promotion: 2, by: 'bob', reason: 'complaints' },
      { alias: 'champion', to: 1, promotion: 3, by: 'bob', reason: 'it was right' },
    ],
    inspection: { state: 'ready' },
    signature: { valid: true, reason: null },
    run: { metrics: { accuracy: 0.8, loss: 'NaN' }, git: { link: expect.stringContaining('/commit/') } },
  });
  const bad = await server.call('GET', `${base}/versions/2/card?format=pdf`);
  expect(bad).toMatchObject({ status: 400, body: { field: 'format' } });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
