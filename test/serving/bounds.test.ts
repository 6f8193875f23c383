import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel } from '../../shared/onnx/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { deployAll, makeEndpoint } from './asking.ts';
import { classifier, features } from './support.ts';

/** As many `y` as `n` says. */
const generous = writeModel({
  graph: {
    inputs: [{ name: 'n', kind: 'tensor', elementType: 'int64', shape: [1] }],
    outputs: [{ name: 'y', kind: 'tensor', elementType: 'float32', shape: ['many'] }],
    nodes: [{ op: 'ConstantOfShape', inputs: ['n'], outputs: ['y'] }],
  },
});

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deployAll(server, { generous, iris: classifier() });
  const limits = { limits: { body_bytes_max: 4096, rows_max: 2 } };
  await makeEndpoint(server, 'small', { model: 'generous', alias: 'champion', ...limits });
  await makeEndpoint(server, 'few', { model: 'iris', alias: 'champion', ...limits });
});
afterAll(() => server.close());

describe('an answer', () => {
  const ask = async (many: number, parameters = {}) => {
    const inputs = [{ name: 'n', datatype: 'INT64', shape: [1], data: [many] }];
    const { status, body } = await server.call('POST', '/v2/models/small/infer', { inputs, parameters });
    return [status, body['error']];
  };

  test('may be as large as a call, and no larger, however it is asked for', async () => {
    const why = expect.stringContaining('The answer has 4100 bytes; endpoint ');
    expect(await ask(1024)).toEqual([200, undefined]);
    expect(await ask(1025)).toEqual([413, why]);
    expect(await ask(1025, { binary_data_output: true })).toEqual([413, why]);
    const scored = await server.call('POST', '/endpoints/small/invocations', { inputs: { n: [1025] } });
    expect([scored.status, scored.body['message']]).toEqual([413, why]);
  });

  test('repeats a hundred parameters, and more are refused', async () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, i]));
    expect(await ask(1, many(100))).toEqual([200, undefined]);
    expect(await ask(1, many(101))).toEqual([400, "'parameters' are 101; at most 100 are taken."]);
  });
});

describe('rows beyond the limit', () => {
  // What is wrong with them is not found out: nobody looks at the rows.
  const rows = [['?'], ['?'], ['?']];
  const records = rows.map(() => ({ length: '?' }));
  const tooMany = expect.stringContaining('The call has 3 rows; the endpoint takes at most 2.');

  test.each([
    { dataframe_split: { columns: features, data: rows } },
    { dataframe_records: records },
    { instances: records },
  ])('are a 413 before any is looked at: %j', async (body) => {
    const answer = await server.call('POST', '/endpoints/few/invocations', body);
    expect([answer.status, answer.body['message']]).toEqual([413, tooMany]);
  });

  test('are a 413 as CSV, of which no more is read', async () => {
    const response = await server.fetch('/endpoints/few/invocations', {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: `${features.join(',')}\n?\n?\n?\n"`,
    });
    expect([response.status, await response.json()]).toEqual([
      413,
      expect.objectContaining({ message: tooMany }),
    ]);
  });

  test('are a 413 as tensors, flat and nested', async () => {
    for (const data of [[], rows]) {
      const inputs = [{ name: 'input', datatype: 'FP32', shape: [3, 3], data }];
      const { status, body } = await server.call('POST', '/v2/models/few/infer', { inputs });
      expect([status, body['error']]).toEqual([413, tooMany]);
    }
  });
});
