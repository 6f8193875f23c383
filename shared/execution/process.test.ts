import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Of, type Request, type Tensors } from '../sessions/index.ts';
import { Gone } from './place.ts';
import { ownProcess, type ProcessLimits } from './process.ts';
import { graph, loop, looped, rows } from './testing.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-process-'));
});
afterAll(() => rm(folder, { recursive: true }));

const relu = graph([{ op: 'Relu', inputs: ['x'], outputs: ['y'] }]);

/** Makes a table of as many floats as `x` says, and adds them up. */
const hungry = graph(
  [
    { op: 'ReduceMax', inputs: ['x'], outputs: ['most'], attributes: { keepdims: { int: 0 } } },
    { op: 'Cast', inputs: ['most'], outputs: ['size'], attributes: { to: { int: 7 } } },
    { op: 'Reshape', inputs: ['size', 'one'], outputs: ['shape'] },
    { op: 'ConstantOfShape', inputs: ['shape'], outputs: ['big'] },
    { op: 'ReduceSum', inputs: ['big'], outputs: ['sum'], attributes: { keepdims: { int: 0 } } },
    { op: 'Add', inputs: ['x', 'sum'], outputs: ['y'] },
  ],
  { initializers: [{ name: 'one', type: 'int64', shape: [1], data: BigInt64Array.of(1n) }] },
);

async function loaded(model: Uint8Array, limits: Partial<ProcessLimits> = {}) {
  const place = ownProcess(limits);
  const file = join(folder, sha256Of(model).slice(7));
  await writeFile(file, model);
  const load: Request = {
    kind: 'load',
    model: { path: 'model.onnx', digest: sha256Of(model), file },
    external: [],
  };
  const ask = async (feeds: Tensors, milliseconds = 60_000) =>
    place.ask({ kind: 'run', handle: 1, feeds }, performance.now() + milliseconds);
  expect(await place.ask(load)).toMatchObject({ kind: 'loaded', handle: 1 });
  return { place, load, ask };
}

describe('the process of a model', () => {
  test('is ended when it is late, or takes too much memory, and another one starts at the next question', async () => {
    const { place, load, ask } = await loaded(loop());
    await expect(ask(looped(2n ** 50n), 200)).rejects.toMatchObject({ why: 'late' });
    expect(place.life()).toBe(1);
    expect(await place.ask(load)).toMatchObject({ kind: 'loaded' });
    expect(await ask(looped(2n))).toMatchObject({ kind: 'answered' });
    place.close();

    const large = await loaded(hungry, { memoryBytesMax: 500 * 1024 * 1024 });
    expect(await large.ask(rows([1, 1]))).toMatchObject({ kind: 'answered' });
    await expect(large.ask(rows([4e8, 4e8]))).rejects.toMatchObject({ why: 'memory' });
    expect(await large.place.ask(large.load)).toMatchObject({ kind: 'loaded' });
    large.place.close();
  });

  test('ends when nobody asks it for a while, and not before it has answered', async () => {
    const { place, load, ask } = await loaded(loop(), { idleMilliseconds: 50 });
    expect(await ask(looped(50_000n))).toMatchObject({ kind: 'answered' });
    await expect.poll(() => place.life()).toBe(1);
    expect(await place.ask(load)).toMatchObject({ kind: 'loaded' });
    place.close();
    expect(place.life()).toBe(2);
  });

  test('that ends by itself says so to everyone who waits', async () => {
    const { place, ask } = await loaded(relu);
    const waiting = [1, 2, 3].map(() => ask(rows([1, 2])));
    place.close();
    for (const each of waiting) await expect(each).rejects.toBeInstanceOf(Gone);
  });

  test('that is killed from outside says that it was not the model, and another one starts', async () => {
    const { place, load, ask } = await loaded(loop());
    const endless = ask(looped(2n ** 50n)).catch((error: unknown) => error);
    const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
    for (const pid of children.trim().split(' ')) process.kill(Number(pid), 'SIGKILL');
    expect(await endless).toMatchObject({ why: 'killed' });
    expect(await place.ask(load)).toMatchObject({ kind: 'loaded' });
    place.close();
  });

  test('sees nothing of the environment here, keeps nobody from ending, and does not outlive who started it', async () => {
    const program = join(folder, 'parent.ts');
    const model = join(folder, 'relu');
    await writeFile(model, loop());
    const at = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
    await writeFile(
      program,
      `import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
      import { ownProcess } from ${at('process.ts')};
      import { looped } from ${at('testing.ts')};
      import { sha256Of } from ${at('../sessions/index.ts')};
      const place = ownProcess();
      const bytes = readFileSync(${JSON.stringify(model)});
      const source = { path: 'model.onnx', digest: sha256Of(bytes), file: ${JSON.stringify(model)} };
      await place.ask({ kind: 'load', model: source, external: [] });
      const pid = readdirSync('/proc').find((each) => {
        try { return readFileSync('/proc/' + each + '/stat', 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid); }
        catch { return false; }
      });
      console.log(JSON.stringify({ pid, env: readFileSync('/proc/' + pid + '/environ', 'utf8') }));
      if (process.argv[2] === 'busy') {
        place.ask({ kind: 'run', handle: 1, feeds: looped(2n ** 50n) });
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300);
      }`,
    );
    for (const how of ['idle', 'busy']) {
      const said = await new Promise<string>((resolve) => {
        execFile(process.execPath, [program, how], { env: { SECRET: 'x' } }, (_, stdout) => resolve(stdout));
      });
      const { pid, env } = JSON.parse(said) as { pid: string; env: string };
      expect(env).not.toContain('SECRET');
      await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
    }
  });
});

async function isRunning(pid: string): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return state !== '' && !/\) Z /.test(state);
}
