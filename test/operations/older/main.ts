/**
 * Makes the data folder of an older release, by calls of it; today's platform must open that.
 * In a checkout of the older release: `node local/main.ts --port 7393 --data DATA`; then here, while it runs,
 * `node test/operations/older/main.ts DATA http://127.0.0.1:7393 answers.json`; then have the audit log exported (work
 * `audit-export`, or five minutes), stop it, and
 * `node test/operations/older/main.ts DATA --pack answers.json`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Cairn, eventually, type Json, list } from '../../../examples/client.ts';
import { classifier } from '../../serving/support.ts';
import { pack } from './archive.ts';

const [data = '', url = '', answers = ''] = process.argv.slice(2);
const archive = new URL('data.br', import.meta.url);

if (url === '--pack') {
  const texts = { 'answers.json': await readFile(answers, 'utf8') };
  const packed = await pack(resolve(data), ['cosmos', 'azurite', 'keys'], texts);
  await writeFile(archive, packed);
  process.stdout.write(`${packed.length} bytes\n`);
} else await writeFile(answers, `${JSON.stringify(await seeded(new Cairn(url)), null, 1)}\n`);

/** Does a little of everything, and gives back what the platform then answers, by method, path and body. */
async function seeded(cairn: Cairn): Promise<object> {
  const { experiment_id: experiment } = await cairn.mlflow('POST', 'experiments/create', { name: 'older' });
  const { run } = await cairn.mlflow('POST', 'runs/create', { experiment_id: experiment, run_name: 'first' });
  const id = String(run?.['info']?.['run_id']);
  const uri = String(run?.['info']?.['artifact_uri']);
  for (let step = 0; step < 20; step++)
    await cairn.mlflow('POST', 'runs/log-batch', {
      run_id: id,
      metrics: ['loss', 'auc'].map((key) => ({ key, value: 1 / (step + 1), timestamp: 1000 + step, step })),
    });
  await cairn.mlflow('POST', 'runs/log-parameter', { run_id: id, key: 'long', value: 'y'.repeat(5000) });
  await cairn.mlflow('POST', 'runs/set-tag', { run_id: id, key: 'team', value: 'blue' });
  const dataset = { name: 'iris', digest: 'd1', source_type: 'local', source: 'iris.csv', schema: '{}' };
  await cairn.mlflow('POST', 'runs/log-inputs', { run_id: id, datasets: [{ dataset }] });
  await cairn.putArtifact(uri, 'notes.txt', 'of an older release');
  await cairn.putArtifact(uri, 'model/model.onnx', classifier());
  await cairn.putArtifact(uri, 'second/model.onnx', classifier(0.5));
  await cairn.mlflow('POST', 'runs/update', { run_id: id, status: 'FINISHED', end_time: 5000 });
  const { model } = await cairn.mlflow('POST', 'logged-models', {
    experiment_id: experiment,
    name: 'logged',
  });
  const loggedModel = String(model?.['info']?.['model_id']);

  await cairn.mlflow('POST', 'registered-models/create', { name: 'iris', description: 'Three kinds.' });
  for (const folder of ['model', 'second'])
    await cairn.mlflow('POST', 'model-versions/create', {
      name: 'iris',
      source: `runs:/${id}/${folder}`,
      run_id: id,
    });
  await cairn.mlflow('POST', 'registered-models/alias', { name: 'iris', alias: 'champion', version: '1' });
  await cairn.mlflow('POST', 'registered-models/set-tag', { name: 'iris', key: 'team', value: 'blue' });
  await cairn.call('POST', '/api/v1/endpoints', { name: 'iris', model: 'iris', alias: 'champion' });
  await eventually('the endpoint', 60, async () =>
    (await fetch(`${cairn.url}/endpoints/iris/ping`)).ok ? true : undefined,
  );
  const rows = Array.from({ length: 60 }, (_, i) => [i / 7, (i * 3) % 5, -i]);
  const invocation = { dataframe_split: { columns: ['length', 'width', 'höhe'], data: rows } };
  const scored = await cairn.call('POST', '/endpoints/iris/invocations', invocation);
  const ids = list(scored['prediction_ids']);
  await cairn.call('POST', '/api/v1/feedback', {
    endpoint: 'iris',
    labels: ids.slice(0, 30).map((prediction_id) => ({ prediction_id, label: 'setosa' })),
  });
  await cairn.send('/api/v1/batch-inputs/iris/first.csv', {
    method: 'PUT',
    body: `id,length,width,höhe\n${rows.map((row, i) => `${i},${row.join(',')}\n`).join('')}`,
  });
  const job = await eventually('the job', 60, async () => {
    const [found] = list((await cairn.call('GET', '/api/v1/batch-jobs?endpoint=iris'))['jobs']);
    return String(found?.['status']) === 'succeeded' ? found : undefined;
  });
  const monitor = await cairn.call<{ monitors: { name: string }[] }>('GET', '/api/v1/monitors');
  const name = monitor.monitors[0]?.name ?? '';
  await eventually('the predictions in a check', 60, async () => {
    const to = Date.now();
    const window = { from: to - 3_600_000, to };
    const result = await cairn.call('POST', `/api/v1/monitors/${name}/check`, window);
    const counted = (result['rows'] ?? result['drift']?.['rows'])?.['current'];
    return Number(counted) === rows.length ? result : undefined;
  });
  await cairn.call('POST', '/api/v1/access/principals', { name: 'ci', kind: 'service', id: 'ci' });
  await cairn
    .call('POST', '/api/v1/access/grants', {
      principal: 'ci',
      role: 'viewer',
      workspace: 'default',
      resource: '*',
    })
    .catch(() => undefined);
  await cairn.call('POST', '/api/v1/tokens', { name: 'ci', principal: 'ci', expires_in_seconds: 86_400 });
  await cairn.call('POST', '/api/v1/workspaces', { name: 'team' });
  await cairn.call('PUT', '/api/v1/endpoints/iris/data-policy', {
    purpose: 'To tell kinds.',
    retention_days: 400,
    pii: {},
  });
  // What was relayed is entered within a moment.
  await new Promise((resolveWait) => setTimeout(resolveWait, 3_000));

  const output = (
    await cairn.call<{ output: { name: string } }>('GET', `/api/v1/batch-jobs/${String(job['id'])}`)
  ).output.name;
  const asked: readonly (readonly [string, string, object?])[] = [
    ['GET', `/api/2.0/mlflow/experiments/get?experiment_id=${String(experiment)}`],
    ['GET', `/api/2.0/mlflow/runs/get?run_id=${id}`],
    ['GET', `/api/2.0/mlflow/metrics/get-history?run_id=${id}&metric_key=loss`],
    ['POST', '/api/2.0/mlflow/runs/search', { experiment_ids: [experiment], filter: 'metrics.loss < 0.1' }],
    ['GET', `/api/2.0/mlflow/artifacts/list?run_id=${id}`],
    ['GET', `/api/2.0/mlflow/logged-models/${loggedModel}`],
    ['GET', '/api/2.0/mlflow/registered-models/get?name=iris'],
    ['GET', '/api/2.0/mlflow/model-versions/get?name=iris&version=1'],
    ['GET', '/api/2.0/mlflow/model-versions/search'],
    ['GET', '/api/v1/endpoints/iris'],
    ['GET', '/api/v1/endpoints/iris/data-policy'],
    ['POST', '/endpoints/iris/invocations', invocation],
    ['GET', `/api/v1/batch-jobs/${String(job['id'])}`],
    ['GET', `/api/v1/monitors/${name}`],
    ['GET', `/api/v1/monitors/${name}/results`],
    ['GET', '/api/v1/access/principals'],
    ['GET', '/api/v1/tokens?principal=ci'],
    ['GET', '/api/v1/workspaces'],
    ['GET', '/api/v1/audit?max_results=200'],
    ['GET', `/api/v1/lineage?node=run:${id}`],
    ['GET', '/api/v1/usage'],
  ];
  const calls: object[] = [];
  for (const [method, path, body] of asked) {
    const answer = await cairn.call(method, path, body).catch((error: Error) => {
      process.stdout.write(`${error.message}\n`);
      return undefined as Json | undefined;
    });
    if (answer !== undefined) calls.push({ method, path, body, answer });
  }
  const text = await (await cairn.send(`/api/v1/batch-outputs/${output}`)).text();
  return { run: id, uri, monitor: name, experiment, job: job['id'], output, text, calls };
}
