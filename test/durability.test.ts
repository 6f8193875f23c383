import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cairn, eventually } from '../examples/client.ts';
import { type RunningStack, startedStack } from './support/stack.ts';

const rounds = process.env['CAIRN_TEST'] === 'long' ? 10 : 2;
const writers = 4;

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'cairn-durability-'));
});
afterAll(() => rm(data, { recursive: true, force: true }));

/** What the platform has said is stored. */
type Acknowledged = {
  readonly runs: {
    id: string;
    artifactUri: string;
    steps: number[];
    files: { path: string; digest: string }[];
    finished: boolean;
  }[];
  readonly versions: { model: string; version: string }[];
};

test('a kill of every process in the midst of work loses nothing that was acknowledged', {
  timeout: 60_000 * rounds,
}, async () => {
  const acknowledged: Acknowledged = { runs: [], versions: [] };
  for (let round = 0; round < rounds; round++) {
    const stack = await startedStack({}, data);
    const work = Promise.all(
      Array.from({ length: writers }, (_, i) =>
        workUntilCut(new Cairn(stack.url), `${round}-${i}`, acknowledged),
      ),
    );
    const files = filesOf(acknowledged);
    await eventually(
      'more files being stored',
      60,
      async () => filesOf(acknowledged) >= files + 8 + 5 * round || undefined,
    );
    await stack.kill();
    await work;
  }
  expect(filesOf(acknowledged)).toBeGreaterThanOrEqual(8 * rounds);
  const stack = await startedStack({}, data);
  try {
    await everythingIsThere(stack, acknowledged);
  } finally {
    await stack.stop();
  }
});

function filesOf({ runs }: Acknowledged): number {
  return runs.reduce((count, { files }) => count + files.length, 0);
}

/** Logs runs with metrics and files and registers them, noting each answer, until the platform is gone. */
async function workUntilCut(cairn: Cairn, name: string, { runs, versions }: Acknowledged): Promise<void> {
  const model = `model-${name}`;
  try {
    await cairn.mlflow('POST', 'registered-models/create', { name: model });
    for (;;) {
      const info = (await cairn.mlflow('POST', 'runs/create', { run_name: name }))['run']?.['info'];
      const run: Acknowledged['runs'][number] = {
        id: String(info?.['run_id']),
        artifactUri: String(info?.['artifact_uri']),
        steps: [],
        files: [],
        finished: false,
      };
      runs.push(run);
      for (let step = 0; step < 5; step++) {
        await cairn.mlflow('POST', 'runs/log-metric', {
          run_id: run.id,
          key: 'm',
          value: step,
          timestamp: step,
          step,
        });
        run.steps.push(step);
        const bytes = randomBytes(20_000);
        await cairn.putArtifact(run.artifactUri, `file ${step}.bin`, bytes);
        run.files.push({ path: `file ${step}.bin`, digest: digest(bytes) });
      }
      await cairn.mlflow('POST', 'runs/update', { run_id: run.id, status: 'FINISHED', end_time: 1 });
      run.finished = true;
      const version = await cairn.mlflow('POST', 'model-versions/create', {
        name: model,
        source: run.artifactUri,
        run_id: run.id,
      });
      versions.push({ model, version: String(version['model_version']?.['version']) });
    }
  } catch {
    // The platform was cut off; what it had acknowledged has been noted.
  }
}

async function everythingIsThere({ url }: RunningStack, { runs, versions }: Acknowledged): Promise<void> {
  const cairn = new Cairn(url);
  for (const { id, artifactUri, steps, files, finished } of runs) {
    const run = (await cairn.mlflow('GET', `runs/get?run_id=${id}`))['run'];
    expect(['FINISHED', finished ? 'FINISHED' : 'RUNNING']).toContain(run?.['info']?.['status']);
    const history = await cairn.mlflow<{ metrics?: { step: number }[] }>(
      'GET',
      `metrics/get-history?run_id=${id}&metric_key=m`,
    );
    expect((history.metrics ?? []).map(({ step }) => step)).toEqual(expect.arrayContaining(steps));
    for (const { path, digest: expected } of files)
      expect(digest(await cairn.getArtifact(artifactUri, path))).toBe(expected);
  }
  for (const { model, version } of versions)
    await cairn.mlflow('GET', `model-versions/get?name=${model}&version=${version}`);
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
