import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { flushTraces, recordTraces, type TraceSettings } from '../../shared/telemetry/recording.ts';
import { currentSpan, inInvocation, inSpan, outsideSpans, recordTo } from '../../shared/telemetry/span.ts';
import { selfSigned } from '../support/self-signed.ts';
import { otlpSpans, type TraceReceiver, traceReceiver } from '../support/trace-receiver.ts';
import { parseTrace } from '../../shared/telemetry/trace-context.ts';

let receiver: TraceReceiver;
const warned: string[] = [];
const warn = ({ name, message }: Error) => warned.push(`${name}: ${message}`);
beforeAll(async () => {
  receiver = await traceReceiver();
  process.on('warning', warn);
});
afterAll(() => {
  recordTo(undefined);
  process.off('warning', warn);
  return receiver.stop();
});
beforeEach(() => {
  receiver.bodies.length = 0;
  receiver.status = 200;
  warned.length = 0;
});

const caller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
const nothing = () => Promise.resolve();

function record(perMinute = 1_000, to: TraceSettings['to'] = { by: 'otlp', url: `${receiver.url}/` }) {
  recordTraces({ to, perMinute, service: 'cairn' });
}

describe('a recorded trace', () => {
  test('goes on from its caller, and tells of each part and of what failed', async () => {
    record();
    const failing = inInvocation('GET /runs', { kind: 'server', parent: caller }, async (span) => {
      expect(currentSpan()).toBe(span);
      await inSpan('read runs', 'client', nothing, { 'db.collection.name': 'runs' });
      await inSpan('read blob', 'client', () =>
        Promise.reject(Object.assign(new Error('no'), { code: 'E1' })),
      );
    });
    await expect(failing).rejects.toThrow('no');
    await flushTraces();
    const [read, blob, root] = otlpSpans(receiver);
    expect(root).toMatchObject({
      name: 'GET /runs',
      kind: 2,
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
      status: { code: 2 },
      attributes: [{ key: 'error.type', value: { stringValue: 'E1' } }],
    });
    expect(read).toMatchObject({
      name: 'read runs',
      kind: 3,
      parentSpanId: root?.spanId,
      traceId: root?.traceId,
      status: { code: 0 },
      attributes: [{ key: 'db.collection.name', value: { stringValue: 'runs' } }],
    });
    expect(blob).toMatchObject({ parentSpanId: root?.spanId, status: { code: 2 } });
    expect(BigInt(root?.endTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(BigInt(read?.endTimeUnixNano ?? 0));
    expect(Math.abs(Number(BigInt(root?.startTimeUnixNano ?? 0) / 1_000_000n) - Date.now())).toBeLessThan(
      60_000,
    );
  });

  test('is followed by what its messages cause, and not by what was only occasioned', async () => {
    record();
    let sent = '';
    await inInvocation('POST /x', { kind: 'server' }, async () => {
      await inSpan('send work', 'producer', (span) => {
        sent = span?.traceparent ?? '';
        return nothing();
      });
      await outsideSpans(() => inSpan('flush', 'internal', nothing));
    });
    await inInvocation('work', { kind: 'consumer', cause: sent }, nothing);
    await flushTraces();
    const spans = otlpSpans(receiver);
    expect(spans.map(({ name }) => name)).toEqual(['send work', 'POST /x', 'work']);
    expect(spans[2]).toMatchObject({ kind: 5, parentSpanId: spans[0]?.spanId, traceId: spans[0]?.traceId });
  });
});

describe('what is not recorded', () => {
  test('costs no span, though it keeps its trace: a caller beyond the rate, and what it causes', async () => {
    record(2);
    const traces = new Set<string>();
    for (let call = 0; call < 50; call++)
      await inInvocation('GET /', { kind: 'server', parent: caller }, async ({ traceparent, context }) => {
        traces.add(context.traceId);
        await inInvocation('work', { kind: 'consumer', cause: traceparent }, nothing);
      });
    await flushTraces();
    const names = otlpSpans(receiver).map(({ name }) => name);
    const recorded = names.filter((name) => name === 'GET /').length;
    expect(recorded).toBe(2);
    expect(names.length).toBe(2 * recorded);
    expect([...traces]).toEqual([parseTrace(caller)?.traceId]);
  });

  test('is nothing at all where nobody records', async () => {
    recordTo(undefined);
    const cause = caller.replace(/00$/, '01');
    await inInvocation('work', { kind: 'consumer', cause }, async ({ context }) => {
      expect(context).toMatchObject({ traceId: parseTrace(caller)?.traceId, isSampled: false });
      expect(await inSpan('part', 'client', (span) => Promise.resolve(span))).toBeUndefined();
    });
    await flushTraces();
    expect(receiver.bodies).toEqual([]);
  });
});

describe('a target', () => {
  test('that refuses fails nothing; what it did not take is said', async () => {
    receiver.status = 400;
    record();
    await inInvocation('GET /', { kind: 'server' }, nothing);
    await flushTraces();
    await expect
      .poll(() => warned)
      .toEqual([expect.stringMatching(/^TraceWarning: 1 spans were not taken: \w+\.$/)]);
    receiver.status = 200;
    await inInvocation('GET /', { kind: 'server' }, nothing);
    await flushTraces();
    expect(otlpSpans(receiver)).toHaveLength(1);
  });

  test('that is Application Insights is told of parts as dependencies, of no request twice', async () => {
    const certificate = selfSigned();
    setDefaultCACertificates([...getCACertificates(), certificate.certificate]);
    const insights = await traceReceiver(certificate);
    const key = '6d5c1b6e-1b3f-4c8e-9d0a-1f2e3d4c5b6a';
    const connectionString = `InstrumentationKey=${key};IngestionEndpoint=${insights.url}/`;
    record(1_000, { by: 'application-insights', connectionString });
    const attributes = { 'db.system.name': 'azure.cosmosdb', 'server.address': 'x.example' };
    await inInvocation('GET /runs', { kind: 'server', parent: caller }, () =>
      inSpan('read runs', 'client', nothing, attributes),
    );
    await flushTraces();
    await insights.stop();
    expect(warned).toEqual([]);
    const items = insights.bodies.flat() as {
      tags: Record<string, string>;
      data: { baseType: string; baseData: { name: string; id: string } };
    }[];
    expect(items.map(({ data }) => [data.baseType, data.baseData.name])).toEqual([
      ['RemoteDependencyData', 'read runs'],
      ['RemoteDependencyData', 'GET /runs'],
    ]);
    const [part, whole] = items;
    expect(whole?.tags).toMatchObject({
      'ai.operation.id': '0af7651916cd43dd8448eb211c80319c',
      'ai.operation.parentId': 'b7ad6b7169203331',
      'ai.cloud.role': 'cairn',
    });
    expect(part?.tags).toMatchObject({
      'ai.operation.id': '0af7651916cd43dd8448eb211c80319c',
      'ai.operation.parentId': whole?.data.baseData.id,
    });
  });
});
