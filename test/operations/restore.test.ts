import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cairn, eventually, type Json, list } from '../../examples/client.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { classifier } from '../serving/support.ts';
import { copied, exported, jobOf, newRun, ran } from './restore-support.ts';

/*
 * A restore as Azure would make it: metadata of time T into a new account, storage as it was when the account was lost,
 * which is later, and keys as they are.
 */

const rows = { columns: ['length', 'width', 'höhe'], data: [[5.1, -3.5, 1.4]] };
const halfRows = 200_000;
const longText = 'x'.repeat(300_000);
/** Whether the job that is half done comes to its end before the account is lost: its worker's lease is waited for. */
const isLong = process.env['CAIRN_TEST'] === 'long';
const fileOf = (count: number) =>
  `id,length,width,höhe\n${Array.from({ length: count }, (_, i) => `${i},${i / 7},${(i * 3) % 5},${-i}\n`).join('')}`;
const digest = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let folder: string;
let lost: string;
let restored: string;
let stack: Stack;
let cairn: Cairn;
const artifact = randomBytes(40_000);
/** What was acknowledged before T. */
const known = { experiment: '', run: '', uri: '', purged: '', token: '', done: '', answer: {} as Json };
/** What was done after T. */
const later = { run: '', output: '' };
let report: {
  missing: { document: string; container: string; problem: string }[];
  undone: { action: string; aggregate: string }[];
  orphans: { container: string; folder: string }[];
};

async function started(data: string): Promise<void> {
  stack = await startStack({ data, port: 0, env: { CAIRN_AUTH: 'off' } });
  cairn = new Cairn(stack.url);
}

const logged = (id: string, step: number) =>
  cairn.mlflow('POST', 'runs/log-metric', {
    run_id: id,
    key: 'loss',
    value: 1 / (step + 1),
    timestamp: step,
    step,
  });

/** A dataset whose profile is too long for any document. */
async function logInput(run: string, profile: string): Promise<void> {
  const dataset = { name: 'iris', digest: 'd1', source_type: 'local', source: 'iris.csv', profile };
  await cairn.mlflow('POST', 'runs/log-inputs', { run_id: run, datasets: [{ dataset }] });
}

async function drop(name: string, text: string): Promise<void> {
  await cairn.send(`/api/v1/batch-inputs/iris/${name}`, { method: 'PUT', body: text });
}

async function outputOf(job: Json): Promise<string> {
  const { output } = await cairn.call<{ output: { name: string } }>(
    'GET',
    `/api/v1/batch-jobs/${String(job['id'])}`,
  );
  return (await cairn.send(`/api/v1/batch-outputs/${output.name}`)).text();
}

async function beforeTheBackup(): Promise<void> {
  known.experiment = String(
    (await cairn.mlflow('POST', 'experiments/create', { name: 'kept' }))['experiment_id'],
  );
  const run = await newRun(cairn, known.experiment, 'kept');
  Object.assign(known, { run: run.id, uri: run.artifactUri });
  for (let step = 0; step < 5; step++) await logged(run.id, step);
  await cairn.mlflow('POST', 'runs/log-parameter', {
    run_id: run.id,
    key: 'long',
    value: longText.slice(0, 6000),
  });
  await logInput(run.id, longText);
  await cairn.putArtifact(run.artifactUri, 'weights.bin', artifact);
  await cairn.putArtifact(run.artifactUri, 'model/model.onnx', classifier());
  await cairn.putArtifact(run.artifactUri, 'reference.csv', fileOf(50));
  const doomed = await newRun(cairn, known.experiment, 'doomed');
  known.purged = doomed.id;
  await logInput(doomed.id, `${longText}!`);
  await cairn.mlflow('POST', 'registered-models/create', { name: 'iris' });
  await cairn.mlflow('POST', 'model-versions/create', {
    name: 'iris',
    source: `runs:/${run.id}/model`,
    run_id: run.id,
    tags: [{ key: 'cairn.reference', value: `${run.artifactUri}/reference.csv` }],
  });
  await cairn.mlflow('POST', 'registered-models/alias', { name: 'iris', alias: 'champion', version: '1' });
  await cairn.call('POST', '/api/v1/endpoints', { name: 'iris', model: 'iris', alias: 'champion' });
  await eventually('the endpoint', 30, async () =>
    (await fetch(`${stack.url}/endpoints/iris/ping`)).ok ? true : undefined,
  );
  known.answer = await invoke();
  await drop('done.csv', fileOf(2_000));
  known.done = digest(await outputOf(await jobOf(stack, 'done.csv', 'succeeded')));
  await cairn.call('POST', '/api/v1/access/principals', { name: 'ci', kind: 'service', id: 'ci' });
  const token = await cairn.call('POST', '/api/v1/tokens', {
    principal: 'ci',
    name: 'ci',
    expires_in_seconds: 3600,
  });
  known.token = String(token['id'] ?? token['token_id']);
  await exported(stack);
  // Half of it is done at T.
  await drop('half.csv', fileOf(halfRows));
  await jobOf(stack, 'half.csv', 'running');
}

async function afterTheBackup(): Promise<void> {
  if (isLong) later.output = digest(await outputOf(await jobOf(stack, 'half.csv', 'succeeded')));
  await logged(known.run, 99);
  const run = await newRun(cairn, known.experiment, 'later');
  later.run = run.id;
  await cairn.putArtifact(run.artifactUri, 'later.bin', artifact);
  await cairn.mlflow('POST', 'runs/delete', { run_id: known.purged });
  await cairn.call('POST', '/api/v1/purge', { run_ids: [known.purged] });
  await eventually('the purge', 30, async () =>
    (await fetch(`${stack.url}/api/2.0/mlflow/runs/get?run_id=${known.purged}`)).status === 404
      ? true
      : undefined,
  );
  await cairn.send(`/api/v1/tokens/${known.token}`, { method: 'DELETE' });
  await cairn.mlflow('POST', 'registered-models/set-tag', { name: 'iris', key: 'later', value: 'yes' });
  await exported(stack);
}

async function invoke(): Promise<Json> {
  const response = await cairn.send('/endpoints/iris/invocations', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dataframe_split: rows }),
  });
  return ((await response.json()) as Json)['predictions'] ?? {};
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-restore-'));
  lost = join(folder, 'lost');
  await started(lost);
  await beforeTheBackup();
  await stack.kill();
  const backup = await copied(join(folder, 'backup'), { cosmos: lost });
  await started(lost);
  await afterTheBackup();
  await stack.kill();
  restored = await copied(join(folder, 'restored'), { cosmos: backup, azurite: lost, keys: lost });
  const checked = await ran('restore-check', '--data', restored, '--digests', '--json');
  report = JSON.parse(checked.output) as typeof report;
  await started(restored);
}, 300_000);
afterAll(async () => {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

describe('metadata of an earlier time on storage of a later one', () => {
  test('has all that was acknowledged before, byte for byte', async () => {
    const { run } = await cairn.mlflow('GET', `runs/get?run_id=${known.run}`);
    expect(run?.['info']).toMatchObject({ status: 'RUNNING', experiment_id: known.experiment });
    expect(run?.['data']?.['params']).toEqual([{ key: 'long', value: longText.slice(0, 6000) }]);
    const [input] = list(run?.['inputs']?.['dataset_inputs']);
    expect(digest(String(input?.['dataset']?.['profile']))).toBe(digest(longText));
    const { metrics } = await cairn.mlflow('GET', `metrics/get-history?run_id=${known.run}&metric_key=loss`);
    expect(list(metrics).map(({ step }) => Number(step))).toEqual([0, 1, 2, 3, 4]);
    expect(digest(await cairn.getArtifact(known.uri, 'weights.bin'))).toBe(digest(artifact));
    const done = await jobOf(stack, 'done.csv', 'succeeded');
    expect(digest(await outputOf(done))).toBe(known.done);
  });

  test('has nothing of what was done later, and says what that was', async () => {
    expect((await fetch(`${stack.url}/api/2.0/mlflow/runs/get?run_id=${later.run}`)).status).toBe(404);
    expect(report.undone).toContainEqual(
      expect.objectContaining({ action: 'token.revoked', aggregate: expect.stringContaining(known.token) }),
    );
    expect(report.undone.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['run.created', 'run.purged', 'model.tag-set']),
    );
  });

  test('says which documents have lost what was in storage, and which blobs have no document', async () => {
    expect(report.missing).toEqual([
      expect.objectContaining({ document: `run ${known.purged}`, container: 'overflow' }),
    ]);
    expect(report.orphans).toEqual([
      expect.objectContaining({
        container: 'artifacts',
        folder: `default/${known.experiment}/${later.run}/`,
        blobs: 1,
        bytes: artifact.length,
      }),
    ]);
    // Shown with what is left of it, and can be purged again.
    const { run } = await cairn.mlflow('GET', `runs/get?run_id=${known.purged}`);
    const [input] = list(run?.['inputs']?.['dataset_inputs']);
    expect(input?.['dataset']).toMatchObject({ name: 'iris', source: '… (gone from storage)' });
  });

  test('answers by its endpoint as before', async () => {
    await eventually('the endpoint', 30, async () =>
      (await fetch(`${stack.url}/endpoints/iris/ping`)).ok ? true : undefined,
    );
    expect(await invoke()).toEqual(known.answer);
  });

  test('takes up what was half done, and takes what is there already for its own', async () => {
    const half = await jobOf(stack, 'half.csv', 'succeeded');
    const output = await outputOf(half);
    expect(output.split('\n')).toHaveLength(halfRows + 2);
    expect(digest(output)).toBe(later.output || digest(output));
  });

  test('goes on with one audit log, which is whole and tells of the restore', async () => {
    await logged(known.run, 5);
    await cairn.mlflow('POST', 'registered-models/set-tag', { name: 'iris', key: 'anew', value: 'yes' });
    await eventually('the entry', 30, async () => {
      const { entries } = await cairn.call('GET', '/api/v1/audit?action=documents.restored');
      return list(entries).length === 1 ? true : undefined;
    });
    await exported(stack);
    const { code, output } = await ran('audit-verify', '--data', restored);
    expect([code, output]).toEqual([0, expect.stringContaining('the metadata was put back to entry')]);
    const { body } = await verified();
    expect(body).toMatchObject({ ok: true, problems: [] });
    const entriesOf = async (action: string) =>
      list((await cairn.call('GET', `/api/v1/audit?action=${action}`))['entries']);
    const [restore] = await entriesOf('documents.restored');
    const ended = (await entriesOf('batch.finished')).filter(
      ({ seq }) => Number(seq) > Number(restore?.['seq']),
    );
    expect(ended).toHaveLength(1);
  });
});

async function verified(): Promise<{ body: Json }> {
  return { body: await cairn.call('POST', '/api/v1/audit/verify', {}) };
}
