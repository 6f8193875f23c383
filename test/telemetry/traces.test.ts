import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifier } from '../serving/support.ts';
import { type RunningHosts, startedHosts } from '../support/hosts.ts';
import type { JsonObject } from '../support/server.ts';
import { type OtlpSpan, otlpSpans, type TraceReceiver, traceReceiver } from '../support/trace-receiver.ts';

let collector: TraceReceiver;
let hosts: RunningHosts;
beforeAll(async () => {
  collector = await traceReceiver();
  hosts = await startedHosts(1, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    CAIRN_TRACES_PER_MINUTE: '1000',
    CAIRN_PREDICTION_FLUSH_SECONDS: '1',
  });
}, 120_000);
afterAll(async () => {
  await hosts.stop();
  await collector.stop();
});

/** A call under a trace of its own; its id begins with `mark`. */
async function call(mark: string, method: string, path: string, body?: unknown): Promise<JsonObject> {
  const response = await fetch(`${hosts.urls[0]}${path}`, {
    method,
    headers: { 'content-type': 'application/json', traceparent: `00-${traceOf(mark)}-00000000000000ff-00` },
    ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text || '{}') as JsonObject;
}

const traceOf = (mark: string) => mark.padEnd(32, '0');
const spansOf = (mark: string) => otlpSpans(collector).filter(({ traceId }) => traceId === traceOf(mark));
const named = (spans: OtlpSpan[], name: RegExp) => spans.filter((span) => name.test(span.name));
const attributesOf = (span: OtlpSpan | undefined) =>
  Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));

describe('one trace', () => {
  test('goes from a request through the queue to storage, each span on behalf of another of it', async () => {
    await call('a0', 'POST', '/api/2.0/mlflow/registered-models/create', { name: 'iris' });
    const { run } = await call('a1', 'POST', '/api/2.0/mlflow/runs/create', {});
    const folder = String(run?.['info']?.['artifact_uri']).replace('mlflow-artifacts:/', '');
    const file = `/api/2.0/mlflow-artifacts/artifacts/${folder}/model/secret-name.onnx`;
    await call('a2', 'PUT', file, new Blob([Buffer.from(classifier())]));
    const id = String(run?.['info']?.['run_id']);
    const version = { name: 'iris', source: `runs:/${id}/model`, run_id: id };
    await call('a3', 'POST', '/api/2.0/mlflow/model-versions/create', version);
    const isInspected = () => named(spansOf('a3'), /^deliver version\.(ready|refused)$/).length > 0;
    await expect.poll(isInspected, { timeout: 60_000 }).toBe(true);

    const spans = spansOf('a3');
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const [request] = named(spans, /^POST /);
    expect(request).toMatchObject({ kind: 2, parentSpanId: '00000000000000ff' });
    expect(attributesOf(request)).toMatchObject({
      'http.route': '/api/2.0/mlflow/model-versions/create',
      'http.response.status_code': 200,
      'cairn.workspace': 'default',
    });
    expect(spans.filter((span) => span !== request && !ids.has(span.parentSpanId ?? ''))).toEqual([]);

    const [sent] = named(spans, /^send work$/);
    const received = spans.find(({ parentSpanId }) => parentSpanId === sent?.spanId && ids.has(sent.spanId));
    expect(sent).toMatchObject({ kind: 4 });
    expect(received).toBeDefined();
    const [delivery] = named(spans, /^deliver version\.created$/);
    const below = descendants(spans, delivery);
    // The inspection reads the model's file and writes what it found.
    expect(named(below, /^BlobClient-download/).length).toBeGreaterThan(0);
    expect(attributesOf(named(below, /^HTTP GET$/)[0])).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': expect.any(Number),
      'server.address': expect.stringContaining('127.0.0.1'),
    });
    const [written] = named(below, /^batch /);
    expect(attributesOf(written)).toMatchObject({ 'db.system.name': 'azure.cosmosdb' });
    expect(Number(attributesOf(written)['azure.cosmosdb.operation.request_charge'])).toBeGreaterThan(0);
  });

  test('tells of no file, no model and no secret', () => {
    const told = JSON.stringify(collector.bodies);
    expect(named(spansOf('a2'), /^BlobClient|^BlockBlobClient/).length).toBeGreaterThan(0);
    expect(told).not.toContain('secret-name');
    expect(told).not.toContain('iris');
    expect(told).not.toMatch(/sig=|AccountKey|SharedKey/);
  });

  test('of a call to an endpoint tells of the model apart from the rest', async () => {
    await call('b0', 'POST', '/api/v1/endpoints', { name: 'flowers', model: 'iris', version: '1' });
    const rows = { inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }] };
    await call('b1', 'POST', '/v2/models/flowers/infer', rows);
    await expect.poll(() => named(spansOf('b1'), /^POST /).length, { timeout: 30_000 }).toBe(1);
    const spans = spansOf('b1');
    expect(named(spans, /^run model$/)).toMatchObject([{ parentSpanId: named(spans, /^POST /)[0]?.spanId }]);
  });
});

function descendants(spans: OtlpSpan[], of: OtlpSpan | undefined): OtlpSpan[] {
  const children = spans.filter(
    ({ parentSpanId }) => parentSpanId !== undefined && parentSpanId === of?.spanId,
  );
  return children.flatMap((child) => [child, ...descendants(spans, child)]);
}

test('a line of the log names the trace that it belongs to', async () => {
  const { run } = await call('c0', 'POST', '/api/2.0/mlflow/runs/create', {});
  const value = `AKIA${'Q7WX'.repeat(4)}`;
  const param = { run_id: run?.['info']?.['run_id'], key: 'credential', value };
  await call('c1', 'POST', '/api/2.0/mlflow/runs/log-parameter', param);
  const line = () => hosts.output(0).find((each) => each.includes('secret redacted'));
  await expect.poll(line, { timeout: 10_000 }).toContain(`"traceId":"${traceOf('c1')}"`);
});
