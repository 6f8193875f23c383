import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { classifier } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import type { JsonObject } from '../support/server.ts';

/*
 * A file that a page sends straight to storage, and its job as the page watches it, by either way in which the host
 * reaches the function.
 */

describe.each([
  { mode: 'in the process of the host', faithful: false },
  { mode: "through the library's proxy", faithful: true },
])('a file sent straight to storage, $mode,', ({ faithful }) => {
  let data: string;
  let stack: Stack;
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'cairn-stream-'));
    stack = await startStack({ data, port: 0, faithful, env: { CAIRN_AUTH: 'off' } });
    await deployed();
  }, 180_000);
  afterAll(async () => {
    await stack.stop();
    rmSync(data, { recursive: true, force: true });
  }, 60_000);

  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${stack.url}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as JsonObject };
  };

  async function deployed(): Promise<void> {
    const { run } = (await call('POST', '/api/2.0/mlflow/runs/create', {})).body;
    const uri = String(run?.['info']?.['artifact_uri']).replace('mlflow-artifacts:/', '');
    const put = await fetch(
      `${stack.url}/api/2.0/mlflow-artifacts/artifacts/${uri.replace(/^\//, '')}/model/model.onnx`,
      { method: 'PUT', body: Buffer.from(classifier()) },
    );
    expect(put.status).toBe(200);
    await call('POST', '/api/2.0/mlflow/registered-models/create', { name: 'iris' });
    const run_id = String(run?.['info']?.['run_id']);
    const version = { name: 'iris', source: `runs:/${run_id}/model`, run_id };
    await call('POST', '/api/2.0/mlflow/model-versions/create', version);
    const made = await call('POST', '/api/v1/endpoints', { name: 'iris', model: 'iris', version: 1 });
    expect(made.status).toBe(201);
    await eventually(async () => {
      expect((await fetch(`${stack.url}/v2/models/iris/ready`)).status).toBe(200);
    }, 60);
  }

  test('is scored without anybody asking, and watched from its first moment to its last', async () => {
    const rows = 300_000;
    const file = `length,höhe,width\n${Array.from({ length: rows }, (_, i) => `${i % 7},${i % 5},${-i % 11}\n`).join('')}`;
    const bytes = Buffer.byteLength(file);
    const upload = await call('POST', '/api/v1/batch-uploads', { endpoint: 'iris', name: 'page.csv', bytes });
    expect(upload.status).toBe(201);
    const sent = await fetch(String(upload.body['url']), {
      method: 'PUT',
      headers: { ...(upload.body['headers'] as unknown as Record<string, string>), origin: stack.url },
      body: file,
    });
    expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([201, stack.url]);
    const { body: job } = await call('POST', '/api/v1/batch-jobs', {
      endpoint: 'iris',
      input: upload.body['input'],
    });
    const response = await fetch(`${stack.url}/api/v1/batch-jobs/${String(job['id'])}/events`);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const pieces: string[] = [];
    const decoder = new TextDecoder();
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      pieces.push(decoder.decode(piece, { stream: true }));
    }
    const text = pieces.join('');
    expect(text).toMatch(/^retry: 1000\n\n/);
    expect(text.match(/^event: .*$/gm)?.at(-1)).toBe('event: finished');
    expect(text.match(/^event: progress$/gm)?.length ?? 0).toBeGreaterThan(0);
    const last = JSON.parse(
      text
        .match(/^data: (.*)$/gm)
        ?.at(-1)
        ?.slice(6) ?? '{}',
    ) as JsonObject;
    expect(last).toMatchObject({ status: 'succeeded', output: { rows } });
    // Events come when they happen, not all at the end.
    expect(pieces[0]).not.toContain('event: finished');
    const jobs = (await call('GET', '/api/v1/batch-jobs?endpoint=iris')).body['jobs'];
    expect(jobs).toHaveLength(1);
  }, 120_000);

  test('is scored to its end, too, when the client that watched has gone', async () => {
    const file = 'length,höhe,width\n1,2,3\n';
    await fetch(`${stack.url}/api/v1/batch-inputs/iris/gone.csv`, { method: 'PUT', body: file });
    const { body: job } = await call('POST', '/api/v1/batch-jobs', {
      endpoint: 'iris',
      input: 'iris/gone.csv',
      key: 'watched',
    });
    // By a connection of its own, which goes with the client.
    const watching = get(`${stack.url}/api/v1/batch-jobs/${String(job['id'])}/events`, { agent: false });
    watching.on('error', () => {});
    const [response] = (await once(watching, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    watching.destroy();
    await eventually(async () => {
      const { body } = await call('GET', `/api/v1/batch-jobs/${String(job['id'])}`);
      expect(body['status']).toBe('succeeded');
    }, 60);
  }, 120_000);
});
