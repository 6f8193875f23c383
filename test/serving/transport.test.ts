import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { eventually } from '../support/eventually.ts';
import { binaryBody, echo } from './asking.ts';

const bodyBytesMax = 4 * 1024 * 1024;
const path = '/v2/models/echo/infer';

let data: string;
let stack: Stack;
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'cairn-transport-'));
  stack = await startStack({ data, port: 0, faithful: true, env: { CAIRN_AUTH: 'off' } });
  await publish(echo('float32'));
}, 180_000);
afterAll(async () => {
  await stack.stop();
  rmSync(data, { recursive: true, force: true });
}, 60_000);

type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer };

/** A call whose body goes out in these pieces, one write each, without a length unless the headers say one. */
function post(to: string, pieces: readonly Uint8Array[], headers: Record<string, string>): Promise<Answer> {
  return new Promise((settle, fail) => {
    const call = request(stack.url + to, { method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        settle({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    call.on('error', fail);
    call.setNoDelay(true);
    for (const piece of pieces) call.write(piece);
    call.end();
  });
}

const asJson = { 'content-type': 'application/json' };
const postJson = async (to: string, body: unknown) => {
  const { status, body: answer } = await post(to, [Buffer.from(JSON.stringify(body))], asJson);
  return { status, body: JSON.parse(answer.toString()) as Record<string, never> };
};

async function publish(model: Uint8Array): Promise<void> {
  const api = '/api/2.0/mlflow';
  const { run } = (await postJson(`${api}/runs/create`, {})).body;
  const { run_id, artifact_uri } = run['info'] as { run_id: string; artifact_uri: string };
  const folder = artifact_uri.replace('mlflow-artifacts:/', '');
  const put = await fetch(`${stack.url}/api/2.0/mlflow-artifacts/artifacts/${folder}/model/model.onnx`, {
    method: 'PUT',
    body: Buffer.from(model),
  });
  expect(put.status).toBe(200);
  await postJson(`${api}/registered-models/create`, { name: 'echo' });
  await postJson(`${api}/model-versions/create`, { name: 'echo', source: `runs:/${run_id}/model`, run_id });
  const made = await postJson('/api/v1/endpoints', {
    name: 'echo',
    model: 'echo',
    version: 1,
    limits: { body_bytes_max: bodyBytesMax, rows_max: 1_000_000 },
    logging: { sample_rate: 0 },
  });
  expect(made.status).toBe(201);
  await eventually(async () => {
    expect((await fetch(`${stack.url}/v2/models/echo/ready`)).status).toBe(200);
  }, 60);
}

/** Rows of floats as bytes, asked for as bytes. */
function tensor(rows: number) {
  const floats = Float32Array.from({ length: rows * 2 }, (_, i) => i / 3);
  const bytes = Buffer.from(floats.buffer);
  const input = {
    name: 'x',
    datatype: 'FP32',
    shape: [rows, 2],
    parameters: { binary_data_size: bytes.byteLength },
  };
  return { bytes, ...binaryBody({ inputs: [input], parameters: { binary_data_output: true } }, bytes) };
}

const pieces = (body: Buffer, size: number) =>
  Array.from({ length: Math.ceil(body.byteLength / size) }, (_, i) =>
    body.subarray(i * size, (i + 1) * size),
  );

describe('over the running host', () => {
  test.each([1, 7, 4096])(
    'bytes in pieces of %d come back bit for bit',
    async (size) => {
      const { bytes, body, headers } = tensor(1500);
      const answer = await post(path, pieces(body, size), headers);
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'x-cairn-deployment': 'main',
        'x-cairn-version': '1',
      });
      const head = Number(answer.headers['inference-header-content-length']);
      expect(JSON.parse(answer.body.subarray(0, head).toString())).toMatchObject({
        model_name: 'echo',
        model_version: '1',
        outputs: [{ name: 'y', shape: [1500, 2], parameters: { binary_data_size: bytes.byteLength } }],
      });
      expect(answer.body.subarray(head).equals(bytes)).toBe(true);
    },
    60_000,
  );

  test('megabytes of them do, too, packed and not', async () => {
    const { bytes, body, headers } = tensor(400_000);
    for (const [sent, more] of [
      [body, {}],
      [gzipSync(body), { 'content-encoding': 'gzip' }],
    ] as const) {
      const answer = await post(path, pieces(sent, 65_536), { ...headers, ...more });
      expect(answer.status).toBe(200);
      const head = Number(answer.headers['inference-header-content-length']);
      expect(answer.body.subarray(head).equals(bytes)).toBe(true);
    }
  }, 60_000);

  test('a body at the limit is read, one byte more is a 413, with a length or without', async () => {
    const text = Buffer.from('{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]}]}');
    const of = (bytes: number) => Buffer.concat([text, Buffer.alloc(bytes - text.byteLength, ' ')]);
    for (const lengths of [true, false]) {
      const ask = async (bytes: number) =>
        (
          await post(path, pieces(of(bytes), 65_536), {
            ...asJson,
            ...(lengths ? { 'content-length': String(bytes) } : {}),
          })
        ).status;
      expect(await ask(bodyBytesMax)).toBe(200);
      expect(await ask(bodyBytesMax + 1)).toBe(413);
    }
  }, 60_000);

  test('errors are of the protocol that was asked', async () => {
    const infer = await post(path, [Buffer.from('{')], asJson);
    expect([infer.status, Object.keys(JSON.parse(infer.body.toString()) as object)]).toEqual([
      400,
      ['error'],
    ]);
    const invoked = await post('/endpoints/echo/invocations', [Buffer.from('{')], asJson);
    expect([invoked.status, Object.keys(JSON.parse(invoked.body.toString()) as object)]).toEqual([
      400,
      ['error_code', 'message'],
    ]);
    const plain = await post('/endpoints/echo/invocations', [Buffer.from('{')], {
      'content-type': 'text/plain',
    });
    expect([plain.status, plain.headers['content-type']]).toEqual([415, 'text/plain; charset=utf-8']);
  });

  test('two hundred calls at once are each answered with their own rows', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const { status, body } = await postJson(path, {
          id: String(i),
          inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [i, -i] }],
        });
        return [status, body['id'], (body['outputs'] as unknown as { data: number[] }[])[0]?.data];
      }),
    );
    expect(answers).toEqual(Array.from({ length: 200 }, (_, i) => [200, String(i), [i, i === 0 ? 0 : -i]]));
  }, 60_000);
});
