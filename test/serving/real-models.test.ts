import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { load } from '../../shared/onnx/testing.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { answeredBytes, binaryBody, deployAll } from './asking.ts';
import { realModels } from './real-models.ts';

const models = realModels();
const names = Object.keys(models);

let server: TestServer;
const sessions = new Map<string, InferenceSession>();
beforeAll(async () => {
  server = await testServer();
  await deployAll(server, models);
  for (const [name, bytes] of Object.entries(models)) sessions.set(name, await load(bytes));
}, 300_000);
afterAll(async () => {
  for (const session of sessions.values()) await session.release();
  await server.close();
});

type Feed = { name: string; type: 'float32' | 'int64'; dims: number[]; data: Float32Array | BigInt64Array };

/** Sizes that these models take where they leave them free. */
const freeSizes: Readonly<Record<string, readonly number[]>> = {
  input: [1, 512],
  state: [2, 1, 128],
  h: [2, 1, 64],
  c: [2, 1, 64],
  x: [1, 3, 64, 96],
};

/** Inputs that are nothing in particular, and not all the same. */
function feedsOf(name: string): Feed[] {
  return (sessions.get(name)?.inputMetadata ?? []).map((port) => {
    if (!port.isTensor) throw new Error(`${port.name} is no tensor`);
    const dims = port.shape.map((size, i) =>
      typeof size === 'number' ? size : (freeSizes[port.name]?.[i] ?? 1),
    );
    const length = dims.reduce((a, b) => a * b, 1);
    return port.type === 'int64'
      ? { name: port.name, type: 'int64', dims, data: BigInt64Array.from({ length }, () => 16_000n) }
      : {
          name: port.name,
          type: 'float32',
          dims,
          data: Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7) / 2),
        };
  });
}

async function raw(name: string, feeds: readonly Feed[]): Promise<Record<string, Tensor>> {
  const session = sessions.get(name);
  const tensors = feeds.map((feed) => [feed.name, new Tensor(feed.type, feed.data as never, feed.dims)]);
  return (await session?.run(Object.fromEntries(tensors))) as Record<string, Tensor>;
}

const datatypes = { float32: 'FP32', int64: 'INT64' } as const;
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

const asJson = ({ name, type, dims, data }: Feed) => ({
  name,
  datatype: datatypes[type],
  shape: dims,
  data: Array.from(data as ArrayLike<number | bigint>, Number),
});

/** Answered as bytes, by the name of the output. */
async function inferBytes(name: string, feeds: readonly Feed[]): Promise<Map<string, Buffer>> {
  const inputs = feeds.map(({ data, ...feed }) => ({
    name: feed.name,
    datatype: datatypes[feed.type],
    shape: feed.dims,
    parameters: { binary_data_size: data.byteLength },
  }));
  const { body, headers } = binaryBody(
    { inputs, parameters: { binary_data_output: true } },
    ...feeds.map(({ data }) => bytesOf(data)),
  );
  const response = await server.fetch(`/v2/models/${name}/infer`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
  const { json, bytes } = await answeredBytes(response);
  let at = 0;
  return new Map(
    json.outputs.map((output) => {
      const size = Number(output.parameters?.['binary_data_size']);
      return [output.name, bytes.subarray(at, (at += size))];
    }),
  );
}

describe('a model as it is published', () => {
  test.each(names)('%s tells of its inputs and outputs as the runtime does', async (name) => {
    const session = sessions.get(name);
    const told = (ports: InferenceSession['inputMetadata'] = []) =>
      ports.map((each) => ({
        name: each.name,
        datatype: each.isTensor ? datatypes[each.type as 'float32'] : undefined,
        shape: each.isTensor ? each.shape.map((size) => (typeof size === 'number' ? size : -1)) : undefined,
      }));
    const { body } = await server.call('GET', `/v2/models/${name}`);
    expect(body).toMatchObject({
      inputs: told(session?.inputMetadata),
      outputs: told(session?.outputMetadata),
    });
  });

  test.each(names)('%s answers what the runtime answers, bit for bit, as bytes and as JSON', async (name) => {
    const feeds = feedsOf(name);
    const expected = await raw(name, feeds);
    const bytes = await inferBytes(name, feeds);
    for (const [output, tensor] of Object.entries(expected))
      expect(bytes.get(output)?.equals(bytesOf(tensor.data as Float32Array))).toBe(true);
    const { status, body } = await server.call('POST', `/v2/models/${name}/infer`, {
      inputs: feeds.map(asJson),
    });
    expect(status).toBe(200);
    expect(body['outputs']).toEqual(
      Object.entries(expected).map(([output, { dims, data }]) => ({
        name: output,
        shape: [...dims],
        datatype: 'FP32',
        data: Array.from(data as Float32Array),
      })),
    );
  });

  test.each(names)('%s is asked in MLflow’s protocol by the names of its inputs', async (name) => {
    const feeds = feedsOf(name);
    const inputs = Object.fromEntries(feeds.map((feed) => [feed.name, nested(feed)]));
    const expected = await raw(name, feeds);
    const { status, body } = await server.call('POST', `/endpoints/${name}/invocations`, { inputs });
    expect(status).toBe(200);
    for (const [output, { data }] of Object.entries(expected))
      expect([body['predictions']?.[output]].flat(9)).toEqual(Array.from(data as Float32Array));
  });

  test.each(names)('%s goes on from a state that it gave, as often as it is asked', async (name) => {
    const feeds = feedsOf(name);
    const states: Record<string, string> = { stateN: 'state', hn: 'h', cn: 'c' };
    let [here, there] = [feeds, feeds];
    for (let turn = 0; turn < 4; turn++) {
      const expected = await raw(name, here);
      const answered = await inferBytes(name, there);
      const next = (from: (output: string) => Float32Array | undefined) =>
        feeds.map((feed) => {
          const output = Object.keys(states).find((each) => states[each] === feed.name);
          const data = output === undefined ? undefined : from(output);
          return data ? { ...feed, data } : feed;
        });
      here = next((output) => expected[output]?.data as Float32Array);
      there = next((output) => {
        const bytes = answered.get(output);
        return bytes && new Float32Array(new Uint8Array(bytes).buffer);
      });
      expect(there).toEqual(here);
    }
  });

  test.each(names)(
    '%s refuses what does not fit as the caller’s mistake, and answers again',
    async (name) => {
      const feeds = feedsOf(name).map(asJson);
      const [first] = feeds;
      const post = async (inputs: unknown) =>
        (await server.call('POST', `/v2/models/${name}/infer`, { inputs })).status;
      for (const wrong of [
        { ...first, shape: [...(first?.shape ?? []), 1] },
        { ...first, data: first?.data.slice(1) },
        { ...first, datatype: 'FP64' },
        { ...first, name: `${first?.name}_` },
        { ...first, data: first?.data.map(() => 'x') },
      ])
        expect(await post([wrong, ...feeds.slice(1)])).toBe(400);
      // Sizes that only the graph can judge: no rows, and rows of another number than the state has.
      const sizes = (size: number) =>
        feeds.map((feed) =>
          ['input', 'x'].includes(feed.name)
            ? {
                ...feed,
                shape: feed.shape.with(0, size),
                data: Array.from({ length: (feed.data.length / (feed.shape[0] ?? 1)) * size }, () => 0),
              }
            : feed,
        );
      for (const size of [0, 3]) expect([200, 400]).toContain(await post(sizes(size)));
      expect(await post(feeds)).toBe(200);
    },
  );
});

function nested({ dims, data }: Feed): unknown {
  let at = 0;
  const descend = (level: number): unknown =>
    level === dims.length
      ? Number(data[at++])
      : Array.from({ length: dims[level] ?? 0 }, () => descend(level + 1));
  return descend(0);
}
