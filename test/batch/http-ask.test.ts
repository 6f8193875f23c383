import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobName } from '../../shared/artifacts/index.ts';
import { createModel, modelByName, moveAlias } from '../../shared/registry/index.ts';
import { createExperiment, createRun } from '../../shared/tracking/index.ts';
import { classifier, deploy, features, publish, register } from '../serving/support.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { announce, parsedOutput, scoredAtOnce } from './support.ts';

let server: TestServer;
let modelId: string;
let runId: string;
let experimentId: string;
const text = 'length,note,höhe,width\n1,a,2,3\n-1,"b, c",0,0.5\n';

const put = (container: 'batch-input' | 'batch-output' | 'artifacts', name: string, content = text) =>
  server.ctx.stores.blobs(container).write(name, Buffer.from(content));
const ask = (body: unknown, headers: Record<string, string> = {}) =>
  server.fetch('/api/v1/batch-jobs', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const asked = async (body: unknown, headers?: Record<string, string>) => {
  const answer = await ask(body, headers);
  return { status: answer.status, body: (await answer.json()) as JsonObject };
};
/** The jobs of a file of the endpoint, of which a list tells a moment later. */
const jobsOf = async (name: string) => {
  const { body } = await server.call('GET', '/api/v1/batch-jobs?endpoint=iris&limit=200');
  return items(body['jobs']).filter((job) => job['input']?.['name'] === (`iris/${name}` as unknown));
};
const jobOf = async (id: unknown) => (await server.call('GET', `/api/v1/batch-jobs/${String(id)}`)).body;

beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'iris', classifier());
  await publish(server, 'Iris Model', classifier());
  await publish(server, 'lonely', classifier());
  ({ modelId } = await modelByName(server.ctx, 'lonely'));
  ({ experimentId } = await createExperiment(server.ctx, { name: 'files' }));
  ({ runId } = await createRun(server.ctx, { experimentId, name: 'made a file' }));
  await put('batch-input', 'iris/a.csv');
});
afterAll(() => server.close());

describe('a request for a job', () => {
  const good = { endpoint: 'iris', input: 'iris/a.csv' };
  test.each<[string, unknown, number, string | undefined]>([
    ['without anything that scores', { input: 'iris/a.csv' }, 400, 'endpoint'],
    ['with two that score', { ...good, model: 'lonely' }, 400, 'model'],
    ['without an input', { endpoint: 'iris' }, 400, 'input'],
    ['with an empty input', { ...good, input: '' }, 400, 'input'],
    ['with an input that is no text', { ...good, input: ['iris/a.csv'] }, 400, 'input'],
    ['with an endless input', { ...good, input: `iris/${'a'.repeat(3000)}.csv` }, 400, 'input'],
    ['with a path that leads out', { ...good, input: 'iris/../lonely/a.csv' }, 400, 'input'],
    ['with a scheme that is not read', { ...good, input: 'https://example.com/a.csv' }, 400, 'input'],
    ['with a scheme of a cloud', { ...good, input: 's3://bucket/a.csv' }, 400, 'input'],
    ['with a run that is not there', { ...good, input: `runs:/${'0'.repeat(32)}/a.csv` }, 404, 'input'],
    ['with a run and no file', { ...good, input: 'runs:/' }, 400, 'input'],
    ['with files of the platform', { ...good, input: 'monitoring/other/x.csv' }, 400, 'input'],
    ['with a file of another workspace', { ...good, input: 'iris@other/a.csv' }, 400, 'input'],
    ['with a file that is not there', { ...good, input: 'iris/never.csv' }, 404, 'input'],
    ['with a prefix of nothing', { ...good, input: 'iris/never/' }, 404, 'input'],
    ['with a prefix that names no folder', { ...good, input: 'ir', prefix: true }, 400, 'input'],
    ['with a prefix of a container', { ...good, input: 'batch-input/', prefix: true }, 400, 'input'],
    ['with a prefix of a container of rows', { ...good, input: 'predictions/' }, 400, 'input'],
    ['with a folder that is said to be a file', { ...good, input: 'iris/', prefix: false }, 400, 'input'],
    ['with options in place of a file', { ...good, input: 'iris/a.csv.job.json' }, 404, 'input'],
    ['with a prefix that is no truth', { ...good, prefix: 'yes' }, 400, 'prefix'],
    ['with a field that nobody knows', { ...good, outptu: {} }, 400, 'outptu'],
    ['with options in a field of their own', { ...good, options: { format: 'csv' } }, 400, 'options'],
    ['with a format that nobody knows', { ...good, format: 'xlsx' }, 400, 'format'],
    ['with a delimiter of two', { ...good, delimiter: '||' }, 400, 'delimiter'],
    ['with a delimiter of numbers', { ...good, delimiter: '.' }, 400, 'delimiter'],
    ['with a delimiter of words', { ...good, output: { delimiter: '_' } }, 400, 'output.delimiter'],
    ['with no column to join', { ...good, output: { join: [] } }, 400, 'output.join'],
    ['with a field in a field', { ...good, output: { fromat: 'csv' } }, 400, 'output.fromat'],
    ['with a policy nobody knows', { ...good, bad_rows: { policy: 'ignore' } }, 400, 'bad_rows.policy'],
    [
      'with a limit that its policy has not',
      { ...good, bad_rows: { policy: 'fail', max_rows: 1 } },
      400,
      'bad_rows',
    ],
    [
      'with too many percent',
      { ...good, bad_rows: { policy: 'skip', max_percent: 101 } },
      400,
      'bad_rows.max_percent',
    ],
    ['with a version of an endpoint', { ...good, version: 1 }, 400, 'version'],
    ['with an alias of an endpoint', { ...good, alias: 'champion' }, 400, 'alias'],
    [
      'with a version and an alias',
      { model: 'lonely', input: 'iris/a.csv', version: 1, alias: 'champion' },
      400,
      'alias',
    ],
    ['with a version as text', { model: 'lonely', input: 'iris/a.csv', version: '1' }, 400, 'version'],
    ['with version 0', { model: 'lonely', input: 'iris/a.csv', version: 0 }, 400, 'version'],
    ['with an endpoint that is not there', { ...good, endpoint: 'nobody' }, 404, 'endpoint'],
    ['with a model that is not there', { model: 'nobody', input: 'iris/a.csv' }, 404, 'model'],
    ['for a prefix that no name begins with', { ...good, input: 'iris/a\u0000', prefix: true }, 400, 'input'],
    ['with an empty key', { ...good, key: '' }, 400, 'key'],
    ['with an endless key', { ...good, key: 'k'.repeat(201) }, 400, 'key'],
    ['that is a list', [good], 400, undefined],
  ])('is refused %s', async (_, body, status, field) => {
    const answer = await asked(body);
    expect([answer.status, answer.body['field']]).toEqual([status, field]);
  });

  test('is refused for a version and an alias that the model does not have', async () => {
    const post = (more: object) => asked({ model: 'lonely', input: 'iris/a.csv', ...more });
    expect((await post({ version: 99 })).status).toBe(404);
    expect((await post({ alias: 'never' })).status).toBe(400);
  });

  test('is refused where the name of the file does not tell its format, and taken where the options do', async () => {
    await put('batch-input', 'iris/data.txt');
    const plain = { endpoint: 'iris', input: 'iris/data.txt' };
    expect(await asked({ ...plain, output: { join: 'all' } })).toMatchObject({
      status: 400,
      body: { field: 'input' },
    });
    const { status, body } = await asked({ ...plain, format: 'csv' });
    expect(status).toBe(202);
    await server.drain();
    expect(await jobOf(body['id'])).toMatchObject({
      status: 'succeeded',
      options: { format: 'csv' },
      requested_by: 'local',
    });
  });

  test('is refused for a version that is not ready, with when to come again', async () => {
    await createModel(server.ctx, { name: 'unread' });
    await register(server.ctx, 'unread', Buffer.from('not a model'));
    const waiting = await ask({ model: 'unread', input: 'iris/a.csv', version: 1 });
    expect(waiting.status).toBe(503);
    expect(Number(waiting.headers.get('retry-after'))).toBeGreaterThan(0);
    await server.drain();
    expect((await asked({ model: 'unread', input: 'iris/a.csv', version: 1 })).status).toBe(409);
  });

  test('is refused for an endpoint that answers elsewhere alone', async () => {
    const made = await server.call('POST', '/api/v1/endpoints', {
      name: 'faraway',
      deployments: [{ name: 'far', url: 'https://example.com/score' }],
    });
    expect(made.status).toBe(201);
    expect(await asked({ endpoint: 'faraway', input: 'iris/a.csv' })).toMatchObject({
      status: 409,
      body: { field: 'endpoint' },
    });
  });

  test('says where the job is: 202 for a new one, 200 for one that is there, one job of many at once', async () => {
    await put('batch-input', 'iris/once.csv');
    const body = { endpoint: 'iris', input: 'batch-input/iris/once.csv' };
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(body)));
    const shown = await Promise.all(answers.map(async (answer) => (await answer.json()) as JsonObject));
    expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
    const counts = [200, 202].map((status) => answers.filter((answer) => answer.status === status).length);
    expect(counts).toEqual([5, 1]);
    expect(shown[0]).toMatchObject({ status: 'planned', output: null });
    expect(answers[0]?.headers.get('location')).toBe(`/api/v1/batch-jobs/${String(shown[0]?.['id'])}`);
    // The event of its file comes behind it.
    await announce(server.ctx, 'iris/once.csv');
    await server.drain();
    expect(await asked({ ...body, input: 'iris/once.csv' })).toMatchObject({
      status: 200,
      body: { id: shown[0]?.['id'], status: 'succeeded' },
    });
    await expect
      .poll(() => jobsOf('once.csv'), { timeout: 5_000 })
      .toMatchObject([{ id: shown[0]?.['id'], status: 'succeeded' }]);
  });

  test('with a key makes a job of its own, the same one for the same key', async () => {
    const body = { endpoint: 'iris', input: 'iris/a.csv' };
    const plain = await asked(body);
    const keyed = await asked({ ...body, key: 'monday' });
    expect([keyed.status, keyed.body['id'] === plain.body['id']]).toEqual([202, false]);
    const again = await asked(body, { 'idempotency-key': 'monday' });
    expect([again.status, again.body['id']]).toEqual([200, keyed.body['id']]);
    expect((await asked({ ...body, key: 'tuesday' })).status).toBe(202);
    expect(await asked({ ...body, key: 'a' }, { 'idempotency-key': 'b' })).toMatchObject({
      status: 400,
      body: { field: 'key' },
    });
    expect((await asked(body, { 'idempotency-key': 'k'.repeat(201) })).status).toBe(400);
    await server.drain();
  });

  test('with other options makes another job', async () => {
    const body = { endpoint: 'iris', input: 'iris/a.csv', key: 'options' };
    const ids = [];
    for (const more of [{}, { bad_rows: { policy: 'fail' } }, { bad_rows: { policy: 'skip' } }])
      ids.push((await asked({ ...body, ...more })).body['id']);
    expect(new Set(ids).size).toBe(3);
    await server.drain();
    expect(await jobOf(ids[2])).toMatchObject({
      status: 'succeeded',
      options: { format: 'auto', bad_rows: { policy: 'skip', max_rows: null, max_percent: null } },
    });
  });
});

describe('an input', () => {
  const outputText = async (job: JsonObject, path: readonly string[] = ['output', 'url']) => {
    const url = path.reduce<JsonObject | undefined>((value, key) => value?.[key], job);
    const answer = await server.fetch(String(url));
    return [answer.status, await answer.text()] as const;
  };
  const whole = async (job: JsonObject, path?: readonly string[]) => {
    const [status, content] = await outputText(job, path);
    expect(status).toBe(200);
    expect(await parsedOutput(content)).toEqual(await scoredAtOnce(classifier(), features, text));
  };

  test('may be a file of a run, of a place, or of any container that may be read', async () => {
    const place = `${experimentId}/${runId}/artifacts/rows/new.csv`;
    await put('artifacts', blobName(server.ctx, place));
    await put('batch-output', 'iris/by-hand/again.csv');
    for (const input of [
      `runs:/${runId}/rows/new.csv`,
      `mlflow-artifacts:/${place}`,
      `artifacts/default/${place}`,
      'batch-output/iris/by-hand/again.csv',
    ]) {
      const { status, body } = await asked({ endpoint: 'iris', input, key: input });
      expect([input, status]).toEqual([input, 202]);
      await server.drain();
      await whole(await jobOf(body['id']));
    }
  });

  test('may be all files below a folder, each with its output under its own name', async () => {
    for (const name of [
      'day/1.csv',
      'day/sub/2.csv',
      'day/_started',
      'day/.hidden.csv',
      'day/_temporary/0/2.csv',
      'day/1.csv.job.json',
    ])
      await put('batch-input', `iris/${name}`, name.endsWith('.csv') ? text : '{}');
    await put('batch-input', 'iris/day2.csv');
    const { status, body } = await asked({ endpoint: 'iris', input: 'iris/day/' });
    expect(status).toBe(202);
    expect(body).toMatchObject({ input: { prefix: true, files: 2, uri: 'batch-input/iris/day/' } });
    const page = (more = '') =>
      server.call('GET', `/api/v1/batch-jobs/${String(body['id'])}/files?limit=1${more}`);
    // At once: a page that missed a file would be taken for the last.
    expect((await page()).body).toMatchObject({ files: [{ index: 0 }], next_page_token: '1' });
    await server.drain();
    const job = await jobOf(body['id']);
    expect(job).toMatchObject({
      status: 'succeeded',
      output: { rows: 4, name: `iris/${String(job['id'])}/` },
      files: [
        { status: 'succeeded', input: { name: 'iris/day/1.csv' }, rows: 2 },
        { status: 'succeeded', input: { name: 'iris/day/sub/2.csv' }, rows: 2 },
      ],
    });
    await whole(job, ['files', '0', 'output', 'url']);
    await whole(job, ['files', '1', 'output', 'url']);
    const first = await page();
    expect(first.body).toMatchObject({ files: [{ index: 0 }], next_page_token: '1' });
    const second = await page('&page_token=1');
    expect(second.body).toEqual({ files: [expect.objectContaining({ index: 1 })] });
    expect((await page('&page_token=x')).status).toBe(400);
    expect((await page('&limit=0')).status).toBe(400);
    // The same files are the same job, and another file makes it another.
    expect((await asked({ endpoint: 'iris', input: 'iris/day/' })).status).toBe(200);
    await put('batch-input', 'iris/day/3.csv');
    expect((await asked({ endpoint: 'iris', input: 'iris/day/' })).status).toBe(202);
    await server.drain();
  });

  test('may be all files whose names begin alike', async () => {
    const { status, body } = await asked({ endpoint: 'iris', input: 'iris/da', prefix: true });
    expect([status, body['input']?.['files']]).toEqual([202, 5]);
  });

  test('of a run may be its whole folder', async () => {
    const { status, body } = await asked({ endpoint: 'iris', input: `runs:/${runId}/` });
    expect([status, body['input']?.['files']]).toEqual([202, 1]);
  });
});

describe('a model without an endpoint', () => {
  test('scores by the version or alias that is asked for, and keeps what comes out in its own folder', async () => {
    const { status, body } = await asked({ model: 'lonely', version: 1, input: 'iris/a.csv' });
    expect(status).toBe(202);
    await server.drain();
    const job = await jobOf(body['id']);
    expect(job).toMatchObject({
      status: 'succeeded',
      endpoint: null,
      owner: { type: 'model', id: modelId, name: 'lonely' },
      model: { model_id: modelId, version: 1 },
      output: { name: `model-${modelId}/${String(job['id'])}/a.csv` },
    });
    expect((await server.fetch(String(job['output']?.['url']))).status).toBe(200);
    const byAlias = await asked({ model: 'lonely', alias: 'champion', input: 'iris/a.csv' });
    expect([byAlias.status, byAlias.body['model']?.['version']]).toEqual([202, 1]);
    expect((await asked({ model: 'Iris Model', input: 'iris/a.csv' })).status).toBe(202);
    await server.drain();
  });

  test('scores the same file anew once another version answers, and with a key never', async () => {
    await publish(server, 'moving', classifier());
    const name = `model-${(await modelByName(server.ctx, 'moving')).modelId}/a.csv`;
    await put('batch-input', name);
    const body = { model: 'moving', input: name };
    const told = async (more: object = {}) => {
      const { status, body: job } = await asked({ ...body, ...more });
      await server.drain();
      return { status, id: job['id'], version: job['model']?.['version'] };
    };
    await announce(server.ctx, name);
    await server.drain();
    const first = await told();
    expect(first).toMatchObject({ status: 200, version: 1 });
    const keyed = await told({ key: 'monday' });
    expect(await publish(server, 'moving', classifier())).toBe(2);
    expect(await told({ key: 'monday' })).toEqual({ ...keyed, status: 200 });
    const second = await told();
    expect(second).toMatchObject({ status: 202, version: 2 });
    expect(second.id).not.toBe(first.id);
    expect(await told()).toEqual({ ...second, status: 200 });
    await moveAlias(server.ctx, { name: 'moving', alias: 'champion', version: 1 });
    expect(await told()).toEqual(first);
    expect((await server.call('DELETE', `/api/v1/batch-jobs/${String(first.id)}`)).status).toBe(204);
    await moveAlias(server.ctx, { name: 'moving', alias: 'champion', version: 2 });
    expect(await told()).toEqual({ ...second, status: 200 });
  });

  test('scores what is dropped in a folder with its name, and in the one of its id', async () => {
    for (const name of ['lonely/dropped.csv', `model-${modelId}/dropped.csv`]) {
      await put('batch-input', name);
      const { status, body } = await asked({ model: 'lonely', input: name });
      expect([status, body['owner']?.['id']]).toEqual([202, modelId]);
      await announce(server.ctx, name);
      await server.drain();
      expect(await jobOf(body['id'])).toMatchObject({ status: 'succeeded' });
    }
    const dropped = async () => {
      const { body } = await server.call('GET', '/api/v1/batch-jobs?model=lonely&limit=200');
      return items(body['jobs']).filter((job) => String(job['input']?.['name']).endsWith('dropped.csv'));
    };
    await expect.poll(dropped, { timeout: 5_000 }).toHaveLength(2);
  });

  test('takes files that are sent through the platform', async () => {
    const sent = await server.fetch('/api/v1/batch-inputs/lonely/sent.csv', { method: 'PUT', body: text });
    expect(sent.status).toBe(201);
    expect(await sent.json()).toMatchObject({ name: `model-${modelId}/sent.csv` });
    expect(
      (await server.fetch('/api/v1/batch-inputs/nobody/x.csv', { method: 'PUT', body: text })).status,
    ).toBe(404);
  });
});

describe('a file of options beside a file', () => {
  const drop = async (name: string, options: string) => {
    await put('batch-input', `iris/${name}.job.json`, options);
    await put('batch-input', `iris/${name}`, 'length,höhe,width\n1,2,3\n1,zwei,3\n4,5,6\n');
  };

  test('sets the options of the job that the event starts, and starts none itself', async () => {
    await drop('told.csv', '{"bad_rows":{"policy":"skip","max_rows":1}}');
    await announce(server.ctx, 'iris/told.csv.job.json');
    await announce(server.ctx, 'iris/told.csv');
    await server.drain();
    await expect
      .poll(() => jobsOf('told.csv'), { timeout: 5_000 })
      .toMatchObject([
        {
          status: 'succeeded',
          options: { bad_rows: { policy: 'skip', max_rows: 1 } },
          output: { rows: 2, bad: 1, errors: { name: expect.stringMatching(/told\.csv\.errors\.jsonl$/) } },
        },
      ]);
    expect(await jobsOf('told.csv.job.json')).toEqual([]);
    const [job] = await jobsOf('told.csv');
    const errors = await server.fetch(String(job?.['output']?.['errors']?.['url']));
    expect(JSON.parse(await errors.text())).toMatchObject({ row: 2, column: 'höhe', value: 'zwei' });
  });

  test('may begin with the mark that editors of Windows write', async () => {
    await drop('marked.csv', '\u{feff}{"bad_rows":{"policy":"skip"}}');
    await announce(server.ctx, 'iris/marked.csv');
    await server.drain();
    await expect
      .poll(() => jobsOf('marked.csv'), { timeout: 5_000 })
      .toMatchObject([{ status: 'succeeded', output: { rows: 2, bad: 1 } }]);
  });

  test('counts in a job that is asked for without options, and not in one that has its own', async () => {
    await drop('asked.csv', '{"bad_rows":{"policy":"skip"}}');
    const plain = await asked({ endpoint: 'iris', input: 'iris/asked.csv' });
    const own = await asked({ endpoint: 'iris', input: 'iris/asked.csv', bad_rows: { policy: 'fail' } });
    await server.drain();
    expect(await jobOf(plain.body['id'])).toMatchObject({ status: 'succeeded', output: { bad: 1 } });
    expect(await jobOf(own.body['id'])).toMatchObject({ status: 'failed', error: { row: 2 } });
  });

  test.each([
    ['is no JSON', '{"bad_rows":', 'not JSON'],
    ['is a list', '[]', 'must be a JSON object'],
    ['has a field that nobody knows', '{"bad_rowz":{}}', 'bad_rowz'],
    ['has a value that cannot be', '{"bad_rows":{"policy":"never"}}', 'bad_rows.policy'],
    ['is too long', `{"format":"${'x'.repeat(70_000)}"}`, '65536 bytes'],
  ])('that %s fails the job by name, and may be mended for another try', async (what, options, said) => {
    const name = `wrong ${what}.csv`;
    await drop(name, options);
    await announce(server.ctx, `iris/${name}`);
    await server.drain();
    await expect
      .poll(() => jobsOf(name), { timeout: 5_000 })
      .toMatchObject([
        { status: 'failed', error: { code: 'options', reason: expect.stringContaining(said) } },
      ]);
    const [job] = await jobsOf(name);
    await put('batch-input', `iris/${name}.job.json`, '{"bad_rows":{"policy":"null"}}');
    expect((await server.call('POST', `/api/v1/batch-jobs/${String(job['id'])}/retry`)).status).toBe(200);
    await server.drain();
    expect(await jobOf(job['id'])).toMatchObject({ status: 'succeeded', output: { rows: 3, bad: 1 } });
  });
});
