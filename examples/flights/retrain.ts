import { Cairn } from '../client.ts';
import { splitByKey, pick } from '../ml/index.ts';
import { concat, fromCsv } from './table.ts';
import { labelColumn, register, trainAsRun } from './train.ts';

/**
 * What retraining runs: learns from the champion's own data and from the newly labelled rows, and
 * registers the result. Started by the platform with two variables, it prints one line of JSON.
 */
type Task = {
  readonly jobId: string;
  readonly endpoint: string;
  readonly model: string;
  readonly champion: number;
  readonly from: number;
  readonly to: number;
};

const task = JSON.parse(variable('CAIRN_RETRAINING')) as Task;
const cairn = new Cairn(variable('MLFLOW_TRACKING_URI'));

const version = await cairn.mlflow(
  'GET',
  `model-versions/get?name=${encodeURIComponent(task.model)}&version=${task.champion}`,
);
const runId = String(version['model_version']?.['run_id']);
const champion = (await cairn.mlflow('GET', `runs/get?run_id=${runId}`))['run']?.['info'];
const artifactUri = String(champion?.['artifact_uri']);
const [trainCsv, heldCsv] = await Promise.all(
  ['data/train.csv', 'data/held.csv'].map((path) => cairn.getArtifact(artifactUri, path)),
);
const features =
  String(trainCsv)
    .split('\n', 1)[0]
    ?.split(',')
    .filter((name) => name !== labelColumn) ?? [];
const before = fromCsv(String(trainCsv), features, labelColumn);
const heldBefore = fromCsv(String(heldCsv), features, labelColumn);

const query = new URLSearchParams({ from: String(task.from), to: String(task.to), part: 'train' });
const labelled = await cairn.send(`/api/v1/endpoints/${encodeURIComponent(task.endpoint)}/labelled?${query}`);
const recent = fromCsv(await labelled.text(), features, 'label');
const keys = recent.labels.map((_, row) => String(row));
// A policy that compares log loss does so on what is held out: with few of the recent rows it would decide by luck.
const split = splitByKey(keys, { testShare: 0.4 });

const { runId: challenger } = await trainAsRun(cairn, String(champion?.['experiment_id']), 'boosting', {
  train: concat(before, pick(recent, split.train)),
  held: concat(heldBefore, pick(recent, split.test)),
});
const registered = await register(cairn, task.model, challenger, { 'cairn.retraining': task.jobId });
process.stdout.write(`${JSON.stringify({ model_version: String(registered) })}\n`);

function variable(name: string): string {
  const value = process.env[name];
  if (value) return value;
  process.stderr.write(`${name} is not set; the platform sets it when it starts a retraining.\n`);
  process.exit(2);
}
