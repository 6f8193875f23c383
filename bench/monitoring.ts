/**
 * What a check of a day costs: a million predictions of twenty features, read as their hour profiles and judged by all
 * signals; and the same rows judged by who reads the rows, in the same run.
 */
import { fork, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from '../shared/context.ts';
import { encodeOutcomes } from '../shared/outcomes/codec.ts';
import { outcomeOf } from '../shared/outcomes/index.ts';
import { countHour } from '../shared/predictions/counted.ts';
import { ProfileCounter } from '../shared/profiles/counter.ts';
import { edgeSetOf } from '../shared/profiles/edges.ts';
import type { ProfileKey } from '../shared/profiles/profile.ts';
import { spanAt } from '../shared/profiles/spans.ts';
import { partProfileName, writeProfile } from '../shared/profiles/store.ts';
import { openContext, testEnvironment } from '../test/support/context.ts';
import { testStorage } from '../test/support/storage.ts';
import { mlflowPython } from '../test/mlflow/server.ts';
import {
  type CheckCost,
  digest,
  endpoint,
  hourMilliseconds,
  hours,
  outcomesName,
  referenceName,
  start,
} from './monitoring-check.ts';
import type { BenchOptions, BenchRow } from './report.ts';

const featureCount = 20;
const referenceRows = 100_000;
const features = Array.from({ length: featureCount }, (_, i) => `feature_${i}`);

type Table = { readonly data: Float32Array; readonly classes: string[]; readonly scores: Float64Array };

/** Rows of normally distributed numbers, by the sum of twelve uniform ones, and what a sure classifier said of them. */
function rowsOf(rows: number, seed: number): Table {
  let state = seed;
  const uniform = () => (state = (state * 48_271) % 0x7fff_ffff) / 0x7fff_ffff;
  const data = new Float32Array(rows * featureCount);
  for (let at = 0; at < data.length; at++) {
    let sum = -6;
    for (let draw = 0; draw < 12; draw++) sum += uniform();
    data[at] = sum;
  }
  const likely = Float64Array.from({ length: rows }, uniform);
  return {
    data,
    classes: Array.from(likely, (p) => (p >= 0.5 ? 'yes' : 'no')),
    scores: likely.map((p) => Math.max(p, 1 - p)),
  };
}

export async function benchMonitoring({ quick }: BenchOptions): Promise<BenchRow[]> {
  const rowsOfHour = quick ? 2_000 : Math.round(1_000_000 / hours);
  const rows = rowsOfHour * hours;
  const folder = await mkdtemp(join(tmpdir(), 'cairn-monitoring-'));
  const storage = await testStorage();
  const files = { reference: join(folder, 'reference.f32'), current: join(folder, 'current.f32') };
  const ctx = await openContext({ ...process.env, ...testEnvironment(storage.connectionString) });
  try {
    await ctx.stores.createIfMissing();
    await write(ctx, rowsOfHour, files);
    const check = await checkedInChild(storage.connectionString);
    const name = `${rows.toLocaleString('en')} predictions × ${featureCount} features`;
    const peer = peerOf(files);
    return [
      {
        name: `check of ${name}, processor time of the first of its process`,
        value: check.processor,
        unit: 's',
        budget: { max: 1 },
      },
      {
        name: 'the same, memory beside what the process had',
        value: check.peakMb,
        unit: 'MB',
        budget: { max: 50 },
      },
      { name: 'the same by the clock', value: check.seconds, unit: 's' },
      { name: 'processor time of the second', value: check.again, unit: 's' },
      ...Object.entries(check.steps).map(([step, seconds]) => ({
        name: `  of the first: ${step}`,
        value: seconds * 1_000,
        unit: 'ms',
      })),
      ...(peer
        ? [
            { name: `${peer.name} over the rows, processor time`, value: peer.seconds, unit: 's' },
            { name: 'the same, memory at its peak', value: peer.peakMb, unit: 'MB' },
            {
              name: `a check takes so many times less than ${peer.name}`,
              value: peer.seconds / check.processor,
              unit: '×',
            },
          ]
        : []),
    ];
  } finally {
    await ctx.stores.close();
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A reference and a day of hours: counted as they are when predictions are logged, and as raw rows for the peer. */
async function write(
  ctx: Context,
  rowsOfHour: number,
  files: { readonly reference: string; readonly current: string },
): Promise<void> {
  const then: Context = { ...ctx, clock: { now: () => start + 48 * hourMilliseconds } };
  const reference = rowsOf(referenceRows, 7);
  const edges = edgeSetOf(
    features.map((name, i) => ({ name, cells: reference.data.filter((_, at) => at % featureCount === i) })),
    { isFloat32: true },
  );
  const counted = ({ data, classes, scores }: Table, of: Pick<ProfileKey, 'hour' | 'source'>) => {
    const counter = new ProfileCounter({ digest, edgeSet: edges.id, segment: '', ...of }, edges);
    counter.addMatrix(
      { names: features, data, rows: classes.length, hidden: new Set() },
      { classes, scores },
    );
    return counter.profile;
  };
  await writeProfile(then, referenceName(then), counted(reference, { hour: '', source: 'batch' }));
  await appendFile(files.reference, reference.data);
  for (let i = 0; i < hours; i++) {
    const span = spanAt(start + i * hourMilliseconds, 'hour');
    const table = rowsOf(rowsOfHour, 1_000 + i);
    const profile = counted(table, { hour: span, source: 'realtime' });
    await writeProfile(then, partProfileName(then, endpoint, span, '0'.repeat(16)), profile);
    await countHour(then, endpoint, span, undefined);
    const joined = table.classes.map((predicted, row) => ({
      predictionId: `${row}`.padStart(8, '0'),
      at: start + i * hourMilliseconds + row,
      predicted,
      score: table.scores[row] ?? null,
      label: (row * 7_919) % 1_000 < (table.scores[row] ?? 0) * 1_000 ? predicted : 'no',
    }));
    const byDigest = new Map([[digest, outcomeOf(span, rowsOfHour, joined)]]);
    const bytes = encodeOutcomes({ hour: span, madeOf: '', unmatched: 0, byDigest });
    await then.stores.blobs('profiles').write(outcomesName(then, i), bytes, { createOnly: true });
    await appendFile(files.current, table.data);
  }
}

/** In a process of its own, so that its memory is its own. */
async function checkedInChild(connectionString: string): Promise<CheckCost> {
  const child = fork(fileURLToPath(new URL('monitoring-check.ts', import.meta.url)), [connectionString], {
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (cost) => resolve(cost as CheckCost));
    child.once('exit', (code) => reject(new Error(`The check ended with ${code} before it told anything.`)));
  });
}

/** Drift of every column over the raw rows, in Python, by Evidently where it is installed; `undefined` without either. */
function peerOf(files: { readonly reference: string; readonly current: string }) {
  const evidently = fileURLToPath(new URL('../.venv/evidently/bin/python', import.meta.url));
  const python = existsSync(evidently) ? evidently : mlflowPython('3');
  if (python === undefined) return undefined;
  const script = fileURLToPath(new URL('monitoring_peer.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    python,
    [script, files.reference, files.current, String(featureCount)],
    { encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', DO_NOT_TRACK: '1' } },
  );
  if (status !== 0) throw new Error(`The peer failed:\n${stderr}`);
  return JSON.parse(stdout) as { name: string; seconds: number; peakMb: number };
}
