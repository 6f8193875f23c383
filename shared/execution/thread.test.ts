import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256Of, type Tensors } from '../sessions/index.ts';
import { dense, loop, looped } from './testing.ts';
import { thread } from './thread.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-thread-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function loaded(model: Uint8Array): Promise<number> {
  const file = join(folder, sha256Of(model).slice(7));
  await writeFile(file, model);
  const source = { path: 'model.onnx', digest: sha256Of(model), file };
  const reply = await thread.ask({ kind: 'load', model: source, external: [] });
  return reply.kind === 'loaded' ? reply.handle : Number.NaN;
}

test('the event loop goes on while a model is created and run', async () => {
  let turns = 0;
  const counter = setInterval(() => turns++, 1);
  const width = 1200;
  const handle = await loaded(dense(width, 4, Math.random));
  const whileLoading = turns;
  const x: Tensors = { x: { type: 'float32', dims: [64, width], data: new Float32Array(64 * width) } };
  for (let i = 0; i < 5; i++)
    expect(await thread.ask({ kind: 'run', handle, feeds: x })).toMatchObject({ kind: 'answered' });
  clearInterval(counter);
  expect(whileLoading).toBeGreaterThan(5);
  expect(turns).toBeGreaterThan(whileLoading + 5);
});

test('what is asked keeps its own memory: a part of a larger table arrives as that part', async () => {
  const handle = await loaded(loop());
  const all = Float32Array.from({ length: 1000 }, (_, i) => i);
  const feeds: Tensors = { ...looped(1n), x: { type: 'float32', dims: [1, 2], data: all.subarray(10, 12) } };
  expect(await thread.ask({ kind: 'run', handle, feeds })).toMatchObject({
    outputs: { y: { data: Float32Array.of(10, 11) } },
  });
  expect(all).toHaveLength(1000);
  expect(await thread.ask({ kind: 'run', handle, feeds, until: Date.now() - 1 })).toMatchObject({
    kind: 'failed',
    why: 'late',
  });
  expect(await thread.ask({ kind: 'release', handle })).toEqual({ kind: 'released' });
  expect(await thread.ask({ kind: 'run', handle, feeds })).toMatchObject({ kind: 'failed', why: 'run' });
});

test('a process may end at any time, with the thread idle or in the middle of a run, and ends as it says', async () => {
  const program = join(folder, 'program.ts');
  const model = join(folder, 'loop');
  await writeFile(model, loop());
  const at = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
  await writeFile(
    program,
    `import { readFileSync } from 'node:fs';
    import { thread } from ${at('thread.ts')};
    import { looped } from ${at('testing.ts')};
    import { sha256Of } from ${at('../sessions/index.ts')};
    const file = ${JSON.stringify(model)};
    const source = { path: 'model.onnx', digest: sha256Of(readFileSync(file)), file };
    const { handle } = await thread.ask({ kind: 'load', model: source, external: [] });
    const run = (times) => thread.ask({ kind: 'run', handle, feeds: looped(times) });
    await run(1n);
    if (process.argv[2] === 'busy') {
      for (let i = 0; i < 20; i++) run(400_000n);
      setTimeout(() => process.exit(3), 100);
    } else process.exitCode = 3;`,
  );
  for (const how of ['idle', 'busy']) {
    const { code, errors } = await new Promise<{ code: unknown; errors: string }>((resolve) => {
      execFile(process.execPath, [program, how], (error, _, stderr) =>
        resolve({ code: error?.code, errors: stderr }),
      );
    });
    expect({ code, errors }).toEqual({ code: 3, errors: '' });
  }
});
