import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifier, deploy } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';

let server: TestServer;

const refusal = async (body: object) => {
  const asked = { endpoint: 'iris', input: 'iris/a.csv', ...body };
  const { status, body: answer } = await server.call('POST', '/api/v1/batch-jobs', asked);
  return { status, field: String(answer['field']), message: String(answer['detail']) };
};

beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'iris', classifier());
  await server.ctx.stores.blobs('batch-input').write('iris/a.csv', Buffer.from('length,width,höhe\n1,2,3\n'));
});
afterAll(() => server.close());

describe('what is refused of a request for a job says what to give instead', () => {
  test.each<[string, object, string, string]>([
    ['an empty key', { key: '' }, 'key', "Invalid value '' for parameter 'key' supplied: must not be empty"],
    [
      'limits without a policy',
      { bad_rows: { max_rows: 1 } },
      'bad_rows.policy',
      "Missing value for required parameter 'bad_rows.policy': must be fail, skip or null",
    ],
    [
      'an empty alias',
      { endpoint: undefined, model: 'any', alias: '' },
      'alias',
      "Invalid value '' for parameter 'alias' supplied: must be an alias of the model",
    ],
  ])('%s', async (_, body, field, message) => {
    const refused = await refusal(body);
    expect({ ...refused, message: refused.message.replaceAll('"', "'") }).toEqual({
      status: 400,
      field,
      message: expect.stringContaining(message) as string,
    });
  });

  test.each([
    ['of no run', { input: 'runs:/' }, "'runs:/' is not an artifact"],
    ['of another workspace', { input: 'iris@other/' }, "'batch-input/iris@other/' does not belong"],
    [
      'of another workspace, begun',
      { input: 'iris@other/a', prefix: true },
      "'batch-input/iris@other/a' does",
    ],
  ])('a prefix %s is quoted as it was given', async (_, body, quoted) => {
    const { status, field, message } = await refusal(body);
    expect({ status, field }).toEqual({ status: 400, field: 'input' });
    expect(message).toContain(quoted);
    expect(message).not.toContain('_');
  });
});
