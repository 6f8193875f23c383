import { parseArgs } from 'node:util';
import { Cairn, eventually, type Json, list } from '../client.ts';
import { type Flight, flightColumns, isEvening, isMorning, loadFlights } from '../data/flights.ts';
import { toCsv } from '../flights/table.ts';
import { register, trainAsRun } from '../flights/train.ts';
import {
  encodeExamples,
  type Examples,
  fitEncoding,
  pick,
  predictedLabels,
  splitByKey,
} from '../ml/index.ts';
import { openedIncident, tellOf, watch } from './incident.ts';
import { check, rowsOf, signalOf, verdictOf, worst } from './monitor.ts';
import { accountFor, champion, guard, promote, refused, rollBack, trustGates } from './promotion.ts';
import { fact, percent, say, secondsSoFar, step } from './report.ts';
import { half, rollOut } from './rollout.ts';
import { platform, type Running } from './stack.ts';
import { completeRows, infer, largestDifference, predict, shareRight } from './traffic.ts';

const usage = `Usage: make demo [ARGS="options"]

  --exit      stop the platform at the end (it keeps running otherwise)
  --port N    port of the platform; one that runs there already is used (default 7071)
  --data DIR  folder that keeps everything (default .cairn)
  --help      this text
`;

/** Float32 inside the runtime, doubles in the trainer. */
const tolerance = 1e-5;
const quietRows = 1000;
/** Enough that a gate on three tenths of them is not a matter of luck. */
const busyRows = 4000;

const values = readOptions();
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

let running: Running | undefined;
try {
  step('The platform');
  running = await platform(Number(values.port), values.data, say);
  await lifecycle(new Cairn(running.url));
} catch (error) {
  process.stderr.write(`\nThe demo failed after ${secondsSoFar()}: ${(error as Error).message}\n`);
  await running?.stop();
  process.exit(1);
}
if (values.exit) {
  await running.stop();
  if (running.child) say(`Stopped; make start PORT=${values.port} DATA=${values.data} brings it back.`);
} else if (running.child) {
  say('It keeps running; Ctrl-C stops it, the data stays.');
  process.once('SIGINT', () => void running?.stop().then(() => process.exit(0)));
}

function readOptions() {
  try {
    const { values: given } = parseArgs({
      options: {
        exit: { type: 'boolean', default: false },
        port: { type: 'string', default: '7071' },
        data: { type: 'string', default: '.cairn' },
        help: { type: 'boolean', default: false },
      },
    });
    if (/^[1-9]\d{0,4}$/.test(given.port)) return given;
    process.stderr.write(`--port ${given.port} is not a port number.\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
  }
  process.stderr.write(usage);
  return process.exit(1);
}

/** One model's life, on US flights of January 2001: will this flight be more than 15 minutes late? */
async function lifecycle(cairn: Cairn): Promise<void> {
  const name = `flights-${Date.now().toString(36)}`;

  step('Real data: US flights of January 2001');
  const { mornings, evenings } = await readData();
  const late = (rows: Examples) =>
    percent(rows.labels.filter((label) => label === 'late').length / rows.labels.length);
  say(
    `${mornings.train.labels.length} morning flights to learn from, ${mornings.held.labels.length} held out (late: ${late(mornings.held)})`,
  );
  say(`${evenings.labels.length} evening flights the model will not have seen (late: ${late(evenings)})`);

  step('Two models trained in TypeScript, tracked over HTTP');
  const experiment = await cairn.mlflow('POST', 'experiments/create', { name });
  const experimentId = String(experiment['experiment_id']);
  const logistic = await trainAsRun(cairn, experimentId, 'logistic', mornings);
  const boosting = await trainAsRun(cairn, experimentId, 'boosting', mornings);
  for (const [title, { evaluation: e }] of Object.entries({
    'logistic regression': logistic,
    'gradient boosting': boosting,
  }))
    say(
      `${title}: accuracy ${percent(e.accuracy)}, ROC AUC ${e.rocAuc.toFixed(3)}, log loss ${e.logLoss.toFixed(4)}`,
    );
  const best = boosting.evaluation.logLoss < logistic.evaluation.logLoss ? boosting : logistic;
  const history = await cairn.mlflow('GET', `metrics/get-history?run_id=${best.runId}&metric_key=held_loss`);
  const stored = await cairn.mlflow('GET', `runs/get?run_id=${best.runId}`);
  const storedLoss = metric(stored, 'log_loss');
  fact(storedLoss === best.evaluation.logLoss, `the better run's log loss reads back as ${storedLoss}`);
  fact(list(history['metrics']).length >= 20, `its loss curve has ${list(history['metrics']).length} points`);

  step('Both registered; the worse one is the first champion');
  await cairn.mlflow('POST', 'registered-models/create', { name, description: 'Will this flight be late?' });
  const worse = await register(cairn, name, (best === boosting ? logistic : boosting).runId);
  await cairn.mlflow('POST', 'registered-models/alias', { name, alias: 'champion', version: String(worse) });
  const first = await register(cairn, name, best.runId);
  await guard(cairn, name);
  say(`version ${worse} is champion, version ${first} the challenger; a policy now guards the alias`);

  step('Promoted through gates');
  for (const verdict of await promote(cairn, name, first)) say(verdict);
  fact((await champion(cairn, name)) === first, `ada asked, bob approved: version ${first} is champion`);
  const [failed, ...others] = await refused(cairn, name, worse);
  fact(
    String(failed?.['gate']) === 'no-regression' && others.length === 0,
    `version ${worse} is refused: ${String(failed?.['says'])}`,
  );
  await rollBack(cairn, name);
  fact((await champion(cairn, name)) === worse, `one call rolls back to version ${worse}`);
  await promote(cairn, name, first);
  await trustGates(cairn, name);
  await cairn.call('POST', '/api/v1/endpoints', {
    name,
    model: name,
    alias: 'champion',
    rollout: half,
  });
  await eventually('the endpoint becoming ready', 60, () => pinned(cairn, name, first));
  say(`version ${first} inspected, endpoint ${name} answers with it`);

  step('Served in real time');
  const windowStart = Date.now();
  const quiet = part(mornings.held, 0, quietRows);
  const inMorning = await predict(cairn, name, quiet, best.model.classes);
  const difference = largestDifference(best.model, quiet, inMorning.probabilities);
  fact(
    difference <= tolerance,
    `${quiet.labels.length} answers equal the trainer's to ${difference.toExponential(1)}`,
  );
  const complete = completeRows(quiet);
  const viaV2 = await infer(cairn, name, pick(quiet, complete));
  const same = complete.every((row, at) =>
    [0, 1].every((c) => viaV2[2 * at + c] === inMorning.probabilities[2 * row + c]),
  );
  fact(same, `${complete.length} of them without a gap are the same through Open Inference Protocol v2`);

  step('Scored in batch from a dropped file');
  await scoreFile(
    cairn,
    name,
    mornings.held,
    best.model.predictProbabilities(mornings.held.rows, mornings.held.labels.length),
    best.model.classes,
  );

  step('Watched: a quiet morning');
  await watch(cairn, name, quiet.features);
  const quietEnd = Date.now();
  const busy = part(evenings, 0, busyRows);
  // Rows are seconds on their way to the log; the evening's calls do not wait for those of the morning.
  const [calm, inEvening] = await Promise.all([
    check(cairn, name, windowStart, quietEnd, (result) => rowsOf(result) >= quiet.labels.length),
    predict(cairn, name, busy, best.model.classes),
  ]);
  fact(
    verdictOf(calm, 'feature-drift') === 'ok' && verdictOf(calm, 'prediction-drift') === 'ok',
    `${rowsOf(calm)} logged predictions look like the training data`,
  );

  step('The world changes: evening flights');
  const busyEnd = inEvening.until;
  const drifted = await check(cairn, name, quietEnd, busyEnd, (result) => rowsOf(result) >= busyRows);
  fact(
    verdictOf(drifted, 'feature-drift') === 'breached' &&
      verdictOf(drifted, 'prediction-drift') === 'breached',
    `inputs and answers drifted in ${rowsOf(drifted)} predictions`,
  );
  for (const feature of worst(drifted))
    say(`${String(feature['name'])}: PSI ${Number(feature['value']).toFixed(2)}`);

  step('Labels arrive, and the champion turns out worse');
  await cairn.call('POST', '/api/v1/feedback', {
    endpoint: name,
    labels: inEvening.ids.map((id, at) => ({ prediction_id: id, label: busy.labels[at] })),
  });
  const judged = await check(
    cairn,
    name,
    quietEnd,
    busyEnd,
    (result) => verdictOf(result, 'performance') !== 'insufficient-data',
  );
  const performance = signalOf(judged, 'performance');
  const accuracy = Number(performance['value']);
  const bound = Number(performance['bounds']?.['lower']);
  fact(
    accuracy === shareRight(busy, inEvening.labels),
    `the platform's accuracy is ours: ${percent(accuracy)}`,
  );
  fact(
    verdictOf(judged, 'performance') === 'breached',
    `performance fell to ${percent(accuracy)}, below the bound of ${percent(bound)}`,
  );

  step('One alert');
  const incident = await openedIncident(cairn, name, busyEnd);

  step('Retrained, judged on withheld rows, promoted');
  const job = await eventually('retraining', 90, () => finishedRetraining(cairn, name));
  if (String(job['status']) !== 'promoted')
    throw new Error(`retraining ended as ${String(job['status'])}: ${JSON.stringify(job['reason'] ?? job)}`);
  const gate = job['gate'];
  const accuracyOf = (side: 'champion' | 'challenger') => Number(gate?.[side]?.['accuracy']);
  const second = Number(job['version']);
  say(
    `gate on ${String(gate?.['rows'])} rows that no training saw: champion ${percent(accuracyOf('champion'))}, challenger ${percent(accuracyOf('challenger'))}`,
  );
  fact(accuracyOf('challenger') > accuracyOf('champion'), `version ${second} beats version ${first}`);

  step('A canary: the new champion answers half of the calls first');
  const tomorrow = part(evenings, busyRows, busyRows + 2000);
  await rollOut(cairn, name, second, pick(tomorrow, completeRows(tomorrow)));
  const renewed = await predict(cairn, name, tomorrow, best.model.classes);
  const old = best.model.predictProbabilities(tomorrow.rows, tomorrow.labels.length);
  const oldLabels = predictedLabels(old, best.model.classes);
  const [before, after] = [shareRight(tomorrow, oldLabels), shareRight(tomorrow, renewed.labels)];
  fact(
    after > before,
    `on ${tomorrow.labels.length} further evening flights accuracy is ${percent(after)}; the old champion had ${percent(before)}`,
  );

  step('Accounted for');
  await accountFor(cairn, name, first);

  step('Told in one place: the incident');
  await tellOf(cairn, incident, { job: String(job['id']), version: second });

  process.stdout.write(`\nDone in ${secondsSoFar()}. Every line with a ✓ was checked.\n\n`);
  for (const [what, hash] of [
    ['runs', `#/experiments/${experimentId}`],
    ['model', `#/models/${name}`],
    ['endpoint', `#/endpoints/${name}`],
    ['monitor', `#/monitors/${name}`],
    ['incident', `#/incidents/${incident}`],
  ] as const)
    say(`${what.padEnd(9)} ${cairn.url}/${hash}`);
  process.stdout.write('\n');
}

/** Mornings parted into rows to learn from and rows held out, and evenings; encoded by what the mornings hold. */
async function readData(): Promise<{ mornings: { train: Examples; held: Examples }; evenings: Examples }> {
  const flights = await loadFlights({ share: 0.08 });
  const early = flights.filter(isMorning);
  const keys = early.map(({ id }) => id);
  const { train, test } = splitByKey(keys, { testShare: 0.25 });
  const at = (indexes: readonly number[]) => indexes.flatMap((index) => early[index] ?? []);
  const encoding = fitEncoding(at(train), flightColumns, { categoriesMax: 12 });
  const encoded = (rows: readonly Flight[]) => encodeExamples(encoding, rows, flightColumns.label);
  return {
    mornings: { train: encoded(at(train)), held: encoded(at(test)) },
    evenings: encoded(flights.filter(isEvening)),
  };
}

/** Drops a file with a row too many, waits for the scored one, and compares it row by row with the trainer. */
async function scoreFile(
  cairn: Cairn,
  name: string,
  rows: Examples,
  expected: Float64Array,
  classes: readonly string[],
): Promise<void> {
  const input = toCsv(rows);
  const sent = input.trimEnd().split('\n');
  const broken = String(sent.at(-1)).replace(/^[^,]*/, 'unknown');
  const put = (file: string, body: string) =>
    cairn.send(`/api/v1/batch-inputs/${name}/${file}`, { method: 'PUT', body });
  await put('mornings.csv.job.json', JSON.stringify({ bad_rows: { policy: 'skip', max_percent: 1 } }));
  await put('mornings.csv', `${input}${broken}\n`);
  const job = await eventually('the scored file', 60, async () => {
    const { jobs } = await cairn.call<{ jobs: Json[] }>('GET', `/api/v1/batch-jobs?endpoint=${name}`);
    return jobs.find((each) => ['succeeded', 'failed'].includes(String(each['status'])));
  });
  if (String(job['status']) !== 'succeeded')
    throw new Error(`the batch job failed: ${JSON.stringify(job['error'])}`);
  const output = await cairn.send(String(job['output']?.['url']));
  const lines = (await output.text()).trimEnd().split('\n');
  fact(
    lines.length === sent.length && lines.every((line, at) => line.startsWith(sent[at] ?? '\n')),
    `${sent.length - 1} rows in, as many out, in order`,
  );
  const column = (field: string) => lines[0]?.split(',').indexOf(field) ?? -1;
  const [label, score] = [column('prediction'), column('score')];
  const worstOf = lines.slice(1).reduce((largest, line, at) => {
    const cells = line.split(',');
    const p = expected[at * classes.length + classes.indexOf(cells[label] ?? '')] ?? Number.NaN;
    return Math.max(largest, Math.abs(Number(cells[score]) - p));
  }, 0);
  fact(worstOf <= tolerance, `batch equals the trainer to ${worstOf.toExponential(1)}`);
  const errors = await cairn.send(String(job['output']?.['errors']?.['url']));
  const wrong = JSON.parse(await errors.text()) as Json;
  fact(
    Number(wrong['row']) === sent.length && String(wrong['value']) === 'unknown',
    `a broken row is left out and told of: row ${String(wrong['row'])}, ${String(wrong['column'])} '${String(wrong['value'])}' ${String(wrong['reason'])}`,
  );
  const report = await cairn.call('GET', String(job['report']));
  const late = list(report['profile']?.['predictions']?.['classes']).find(
    (each) => String(each['name']) === 'late',
  );
  fact(
    String(report['drift']?.['verdict']) === 'stable' && Number(report['counts']?.['rows_bad']) === 1,
    `its report: the file looks like the training data, ${percent(Number(late?.['share'] ?? 0))} are predicted to be late`,
  );
}

async function pinned(cairn: Cairn, name: string, version: number): Promise<true | undefined> {
  const endpoint = await cairn.call('GET', `/api/v1/endpoints/${name}`);
  return Number(endpoint['stable']?.['version']) === version ? true : undefined;
}

async function finishedRetraining(cairn: Cairn, endpoint: string): Promise<Json | undefined> {
  const { jobs } = await cairn.call<{ jobs: Json[] }>('GET', '/api/v1/retraining-jobs');
  return jobs.find(
    (job) =>
      String(job['endpoint']) === endpoint &&
      ['promoted', 'rejected', 'failed'].includes(String(job['status'])),
  );
}

function metric(run: Json, key: string): number {
  const found = list(run['run']?.['data']?.['metrics']).find((each) => String(each['key']) === key);
  return Number(found?.['value']);
}

function part(rows: Examples, first: number, last: number): Examples {
  return pick(
    rows,
    Array.from({ length: Math.min(last, rows.labels.length) - first }, (_, at) => first + at),
  );
}
