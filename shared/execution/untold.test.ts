import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linearRegressor } from '../onnx/index.ts';

const run = promisify(execFile);
const at = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-untold-'));
  model = join(folder, 'model.onnx');
  await writeFile(model, linearRegressor({ features: ['a'], coefficients: [2], intercept: 1 }));
});
afterAll(() => rm(folder, { recursive: true }));

/** What a program says, and the files that it leaves in its home, which is empty before. */
async function homeAfter(program: string): Promise<{ said: string; files: string[] }> {
  const home = await mkdtemp(join(folder, 'home-'));
  const file = join(home, 'program.ts');
  await writeFile(file, program);
  const { stdout } = await run(process.execPath, [file], { env: { HOME: home }, timeout: 30_000 });
  const files = await readdir(home, { recursive: true });
  return { said: stdout, files: files.filter((each) => each !== 'program.ts') };
}

test('onnxruntime by itself marks the machine and prepares to tell of it', async () => {
  const runtime = JSON.stringify(createRequire(import.meta.url).resolve('onnxruntime-node'));
  const { files } = await homeAfter(`
    import { readFileSync } from 'node:fs';
    import ort from ${runtime};
    await ort.InferenceSession.create(readFileSync(${JSON.stringify(model)}));`);
  expect(files.join('\n')).toContain('deviceid');
});

test('in the thread that runs models it does neither, and the processes that run and try them are told not to', async () => {
  const { said, files } = await homeAfter(`
    import { readdirSync, readFileSync } from 'node:fs';
    import { thread } from ${at('thread.ts')};
    import { ownProcess } from ${at('process.ts')};
    import { sha256Of, tryModel } from ${at('../sessions/index.ts')};
    const file = ${JSON.stringify(model)};
    const source = { path: 'model.onnx', digest: sha256Of(readFileSync(file)), file };
    const load = { kind: 'load', model: source, external: [] };
    console.log((await thread.ask(load)).kind);
    const own = ownProcess();
    console.log((await own.ask(load)).kind);
    const trial = tryModel({ folder: ${JSON.stringify(folder)}, model: file, external: [], example: null });
    let children = [];
    while (children.length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      children = readdirSync('/proc/self/task').flatMap((task) =>
        readFileSync(\`/proc/self/task/\${task}/children\`, 'utf8').split(' ').filter(Boolean));
    }
    for (const pid of children)
      console.log(readFileSync(\`/proc/\${pid}/environ\`, 'utf8').includes('ORT_DISABLE_TELEMETRY=1'));
    console.log((await trial).outcome);
    process.exit(0);`);
  expect(said.trim().split('\n')).toEqual(['loaded', 'loaded', 'true', 'true', 'ran']);
  expect(files).toEqual([]);
});
