import { setTimeout as after } from 'node:timers/promises';
import { Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadedModels } from '../../shared/execution/index.ts';
import { dense, trees } from '../../shared/execution/testing.ts';
import { run } from '../../shared/onnx/testing.ts';
import { moveAlias } from '../../shared/registry/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { deploy, register } from './support.ts';

const isLong = process.env['CAIRN_TEST'] === 'long';
const seconds = isLong ? 240 : 9;
const moveMilliseconds = isLong ? 8_000 : 3_000;
const clients = 8;

let server: TestServer;
beforeAll(async () => {
  // As small as it gets: whatever is not in use is released as soon as another model is asked.
  server = await testServer({ CAIRN_SESSION_CACHE_MB_MAX: '1', CAIRN_MODEL_FILES_MB_MAX: '3' });
  for (const name of names) {
    await deploy(server, name, models[name][0]);
    await register(server.ctx, name, models[name][1]);
  }
  await server.drain();
});
afterAll(() => server.close());

let seed = 3;
const random = () => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};

/** Models of three endpoints, each in two versions that answer otherwise. */
const columns = { forest: 2, grove: 2, net: 192 };
type Name = keyof typeof columns;
const models: Readonly<Record<Name, readonly [Uint8Array, Uint8Array]>> = {
  forest: [trees(40, 5, random), trees(50, 5, random)],
  grove: [trees(10, 3, random), trees(12, 3, random)],
  net: [dense(192, 4, random), dense(192, 4, random)],
};
const names = Object.keys(models) as Name[];
const input = (name: Name) => (name === 'net' ? 'x' : 'input');

type Call = { name: Name; rows: number; data: Float32Array };

function someCall(): Call {
  const name = names[Math.floor(random() * names.length)];
  const rows = random() < 0.1 ? 300 : 1 + Math.floor(random() * 20);
  return {
    name,
    rows,
    data: Float32Array.from({ length: rows * columns[name] }, () => random() * 200 - 100),
  };
}

const wrong = [
  { inputs: [] },
  { inputs: [{ name: 'other', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] },
  { inputs: [{ name: 'input', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] }] },
  { inputs: [{ name: 'input', shape: [2, 2], datatype: 'FP32', data: [1, 'x', 3, 4] }] },
];

const ask = (name: Name, body: unknown) =>
  server.fetch(`/v2/models/${name}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

type Output = { name: string; data: (number | string)[] };

const versionsSeen = new Set<string>();

/** What is not as it should be in the answer to a call; `undefined` where all is. */
async function fault({ name, rows, data }: Call): Promise<string | undefined> {
  const response = await ask(name, {
    inputs: [{ name: input(name), shape: [rows, columns[name]], datatype: 'FP32', data: [...data] }],
  });
  if (response.status !== 200) return `${response.status} ${await response.text()}`;
  const version = Number(response.headers.get('x-cairn-version'));
  const { outputs } = (await response.json()) as { outputs: Output[] };
  const bytes = models[name][version - 1];
  if (!bytes) return `version ${version}`;
  versionsSeen.add(`${name} ${version}`);
  const alone = await run(bytes, { [input(name)]: new Tensor('float32', data, [rows, columns[name]]) });
  const isRight = outputs.every(({ name: output, data: given }) => {
    const own = alone[output]?.data ?? [];
    return (
      given.length === own.length &&
      given.every((each, i) =>
        typeof each === 'number' ? Math.abs(each - Number(own[i])) < 1e-5 : each === own[i],
      )
    );
  });
  return isRight ? undefined : `wrong rows of version ${version} of ${name}`;
}

test(
  'under moves of aliases, eviction and bad requests no answer is lost or wrong, and memory stays',
  async () => {
    const until = performance.now() + seconds * 1000;
    // On a busy machine a version may not have had its turn by then.
    const isOver = () => performance.now() >= until && versionsSeen.size === 2 * names.length;
    const faults: string[] = [];
    let answered = 0;
    let refused = 0;
    const client = async () => {
      while (!isOver()) {
        if (random() < 0.2) {
          const { status } = await ask('forest', wrong[Math.floor(random() * wrong.length)]);
          if (status !== 400) faults.push(`a bad request was answered by ${status}`);
          refused++;
          continue;
        }
        const call = someCall();
        const found = await fault(call);
        if (found !== undefined) faults.push(found);
        else answered++;
      }
    };
    let moves = 0;
    const mover = async () => {
      for (; !isOver(); moves++) {
        await after(moveMilliseconds);
        for (const name of names)
          await moveAlias(server.ctx, { name, alias: 'champion', version: 2 - (moves % 2) });
        await server.drain();
      }
    };
    const memory: number[] = [];
    const watcher = async () => {
      for (; !isOver(); await after(500)) memory.push(process.memoryUsage.rss());
    };
    await Promise.all([mover(), watcher(), ...Array.from({ length: clients }, client)]);
    expect(faults).toEqual([]);
    expect(answered).toBeGreaterThan(seconds);
    expect(refused).toBeGreaterThan(0);
    expect(loadedModels().length).toBeLessThanOrEqual(names.length);
    const third = Math.floor(memory.length / 3);
    const middle = Math.max(...memory.slice(third, 2 * third));
    const last = Math.max(...memory.slice(2 * third));
    // Within seconds the process still warms up: that shows a gross leak at most.
    expect((last - middle) / (1024 * 1024)).toBeLessThan(isLong ? 30 : 300);
  },
  isLong ? 600_000 : 120_000,
);
