/** What a process needs that never served: the runtime and a session by themselves, and a first answer over HTTP. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from './report.ts';
import { inferCall } from './serving-calls.ts';
import { ask } from './serving-load.ts';
import { models, slug } from './serving-models.ts';
import { servingStack } from './serving-stack.ts';

const times = 5;

/** @param data folder of a stack that serves the models */
export async function benchCold(folder: string, data: string, appDir: string): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [name, make] of Object.entries(models)) {
    const file = join(folder, 'model.onnx');
    await writeFile(file, make());
    const measured = Array.from({ length: times }, () => coldSession(file));
    const middle = (at: number) =>
      measured.map((each) => each[at] ?? Number.NaN).toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? 0;
    if (rows.length === 0)
      rows.push({ name: 'import of onnxruntime in a new process', value: middle(0), unit: 'ms' });
    rows.push(
      { name: `${name}: first session of a process`, value: middle(1), unit: 'ms' },
      { name: `${name}: its first run`, value: middle(2), unit: 'ms' },
    );
  }
  for (const name of Object.keys(models)) {
    const stack = await servingStack(data, appDir);
    try {
      const call = inferCall(slug(name), 'JSON', 1);
      for (const which of ['first', 'second']) {
        const started = performance.now();
        await ask(stack.url, call);
        rows.push({
          name: `${name}: ${which} answer of a new instance`,
          value: performance.now() - started,
          unit: 'ms',
        });
      }
    } finally {
      await stack.stop();
    }
  }
  return rows;
}

/** Milliseconds of the import, of the session and of its first run. */
function coldSession(file: string): number[] {
  const script = `
    const started = performance.now();
    const { InferenceSession, Tensor } = require('onnxruntime-node');
    const imported = performance.now();
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
    InferenceSession.create(${JSON.stringify(file)}, options).then(async (session) => {
      const created = performance.now();
      await session.run({ input: new Tensor('float32', new Float32Array(30), [1, 30]) });
      console.log(JSON.stringify([imported - started, created - imported, performance.now() - created]));
    });`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(`The session was not created:\n${stderr}`);
  return JSON.parse(stdout) as number[];
}
