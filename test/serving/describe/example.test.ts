import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JsonObject, type TestServer, testServer } from '../../support/server.ts';
import { deploy } from '../support.ts';
import { deployMilliseconds, models } from './models.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  for (const [name, bytes] of Object.entries(models)) await deploy(server, name, bytes);
}, deployMilliseconds);
afterAll(() => server.close());

const exampleOf = async (name: string) => {
  const { status, body } = await server.call('GET', `/api/v1/endpoints/${name}/example`);
  expect(status).toBe(200);
  return body;
};

describe('the example of an endpoint', () => {
  test.each(Object.keys(models))('%s answers 200 to it in both protocols', async (name) => {
    const example = await exampleOf(name);
    expect(example).toMatchObject({ deployment: 'main', version: 1, source: 'made' });
    expect(await server.call('POST', `/endpoints/${name}/invocations`, example['invocations'])).toMatchObject(
      {
        status: 200,
      },
    );
    expect(await server.call('POST', `/v2/models/${name}/infer`, example['infer'])).toMatchObject({
      status: 200,
    });
  });

  test.each(['linear-text', 'linear-integers', 'trees-number', 'several-columns'])(
    'of %s comes as CSV that answers the same',
    async (name) => {
      const { csv, invocations } = await exampleOf(name);
      const response = await server.fetch(`/endpoints/${name}/invocations`, {
        method: 'POST',
        headers: { 'content-type': 'text/csv' },
        body: String(csv),
      });
      const { body } = await server.call('POST', `/endpoints/${name}/invocations`, invocations);
      expect(response.status).toBe(200);
      expect(((await response.json()) as JsonObject)['predictions']).toEqual(body['predictions']);
    },
  );

  test('names the columns as the author does, and is of the width that a free size needs', async () => {
    expect((await exampleOf('linear-text'))['invocations']).toEqual({
      dataframe_split: { columns: ['length', 'höhe, in "cm"', 'width'], data: [[0.5, 0.5, 0.5]] },
    });
    expect((await exampleOf('free-width'))['infer']).toEqual({
      inputs: [{ name: 'x', shape: [1, 5], datatype: 'FP32', data: [0.5, 0.5, 0.5, 0.5, 0.5] }],
    });
    expect((await exampleOf('fixed-batch'))['infer']?.['inputs']?.[0]?.['shape']).toEqual([4, 2]);
  });
});
