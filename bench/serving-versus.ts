/** The same ONNX models, asked with the same bytes, behind this platform and behind other servers in turns. */
import { join } from 'node:path';
import type { BenchRow } from './report.ts';
import { inferCall, scoringCall } from './serving-calls.ts';
import { ask, type Call, load } from './serving-load.ts';
import { models, slug, withoutNames } from './serving-models.ts';
import { installedPeers, mlflowScoring, mlserver, type Peer } from './serving-peers.ts';
import { serve, servingStack } from './serving-stack.ts';
import { inTurns, type Pace, ratio, summary } from './serving-turns.ts';

const compared = ['tiny linear', '100 trees'];
const rowCounts = [1, 32];
const connections = 50;
const warmUpSeconds = 3;
/** Of a probability; the servers have other builds of one runtime. */
const tolerance = 1e-5;

/** @param data folder of a stack that serves the models */
export async function benchVersus(
  folder: string,
  data: string,
  appDir: string,
  pace: Pace,
): Promise<{ readonly rows: BenchRow[]; readonly missing: readonly string[] }> {
  const python = installedPeers();
  const rows: BenchRow[] = [];
  const stack = await servingStack(data, appDir);
  try {
    for (const name of python.mlflow === undefined ? [] : compared) {
      // MLflow's scoring takes no data frame for a model that answers with a table of probabilities.
      const model = withoutNames(bytesOf(name));
      const plain = `plain-${slug(name)}`;
      await serve(stack.url, plain, model);
      const peer = await mlflowScoring(python.mlflow ?? '', join(folder, `mlflow-${plain}`), model);
      await beside(peer, async (url) => {
        for (const count of rowCounts) {
          const own: Way = [stack.url, scoringCall(`/endpoints/${plain}`, count)];
          rows.push(...(await versus('MLflow', name, count, pace, own, [url, scoringCall('', count)])));
        }
      });
    }
    if (python.mlserver !== undefined) {
      const served = Object.fromEntries(compared.map((name) => [slug(name), bytesOf(name)]));
      await beside(await mlserver(python.mlserver, join(folder, 'mlserver'), served), async (url) => {
        for (const name of compared)
          for (const count of rowCounts) {
            const call = inferCall(slug(name), 'JSON', count);
            rows.push(...(await versus('MLServer', name, count, pace, [stack.url, call], [url, call])));
          }
      });
    }
  } finally {
    await stack.stop();
  }
  const missing = [
    ...(python.mlflow === undefined ? ['MLflow'] : []),
    ...(python.mlserver === undefined ? ['MLServer'] : []),
  ];
  return { rows, missing };
}

async function beside(peer: Peer, work: (url: string) => Promise<void>): Promise<void> {
  try {
    await work(peer.url);
  } finally {
    await peer.stop();
  }
}

function bytesOf(name: string): Uint8Array {
  const make = models[name];
  if (make === undefined) throw new Error(`There is no model '${name}'.`);
  return make();
}

type Way = readonly [url: string, call: Call];

async function versus(
  peer: string,
  model: string,
  rows: number,
  pace: Pace,
  own: Way,
  theirs: Way,
): Promise<BenchRow[]> {
  await expectSame(own, theirs);
  for (const [url, call] of [own, theirs])
    await load(url, call, connections, Math.min(warmUpSeconds, 2 * pace.seconds));
  const what = `${model}, ${rows} ${rows === 1 ? 'row' : 'rows'}`;
  const names = [`${what}, beside ${peer}`, `${what}, ${peer}`] as const;
  const turns = await inTurns(
    [own, theirs].map(([url, call], at) => ({ name: names[at] ?? '', url, call, connections })),
    pace,
  );
  const [mine, other] = names.map((name) => summary(turns.get(name) ?? []));
  if (mine === undefined || other === undefined) return [];
  return [
    { name: `${names[0]}: throughput`, value: mine.perSecond, unit: '/s' },
    { name: `${names[0]}: p99`, value: mine.p99, unit: 'ms' },
    { name: `${names[1]}: throughput`, value: other.perSecond, unit: '/s' },
    { name: `${names[1]}: p99`, value: other.p99, unit: 'ms' },
    ...(other.errors > 0 ? [{ name: `${names[1]}: errors`, value: other.errors, unit: '' }] : []),
    {
      name: `${what}: throughput, of ${peer}'s`,
      value: ratio(turns, names[0], names[1], ({ perSecond }) => perSecond),
      unit: '×',
    },
  ];
}

/** What is compared must have done the same work. */
async function expectSame(own: Way, theirs: Way): Promise<void> {
  const [mine, other] = await Promise.all(
    [own, theirs].map(async ([url, call]) =>
      probabilitiesIn(JSON.parse((await ask(url, call)).body.toString())),
    ),
  );
  const isSame =
    mine !== undefined &&
    mine.length > 0 &&
    mine.length === other?.length &&
    mine.every((p, at) => Math.abs(p - (other[at] ?? Number.NaN)) <= tolerance);
  if (!isSame) throw new Error(`${own[1].path} and ${theirs[1].path} answer differently.`);
}

/** Of an answer of either protocol, row by row. */
function probabilitiesIn(answer: unknown): number[] {
  const { predictions, outputs } = answer as {
    predictions?: { probabilities: number[][] };
    outputs?: { name: string; data: number[] }[];
  };
  return predictions
    ? predictions.probabilities.flat()
    : (outputs?.find(({ name }) => name === 'probabilities')?.data ?? []);
}
