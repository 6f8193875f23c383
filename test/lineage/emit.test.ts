import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { CairnError } from '../../shared/http/index.ts';
import { announceEnded, emitLineage, type EmitMessage } from '../../shared/lineage/index.ts';
import { type OpenLineageEvent, parseEvent } from '../../shared/lineage/openlineage/event.ts';
import { createRun, updateRun } from '../../shared/tracking/index.ts';
import { classifier, deploy, features } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { commit, trainedRun } from './support.ts';

type RunEvent = Extract<OpenLineageEvent, { of: 'run' }>;
type Received = { path: string; key: string | undefined; body: unknown; event: RunEvent };

let backend: Server;
let server: TestServer;
const received: Received[] = [];
/** What the backend answers next; 200 where there is nothing. */
const answers: number[] = [];

beforeAll(async () => {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const parsed: unknown = JSON.parse(await text(request));
    const status = answers.shift() ?? 200;
    // Validated as what this server takes itself: by what the specification asks.
    if (status === 200)
      received.push({
        path: `${request.method} ${request.url}`,
        key: request.headers.authorization,
        body: parsed,
        event: parseEvent(parsed) as RunEvent,
      });
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('{}');
  };
  backend = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const { port } = backend.address() as AddressInfo;
  process.env['CAIRN_OPENLINEAGE_URL'] = `http://127.0.0.1:${port}/`;
  process.env['CAIRN_OPENLINEAGE_KEY'] = 'the-key';
  server = await testServer();
});
afterAll(async () => {
  await server.close();
  backend.closeAllConnections();
  backend.close();
});
afterEach(() => {
  received.length = 0;
  answers.length = 0;
});

const namespace = () => `cairn://${new URL(server.ctx.settings.publicUrl).host}/default`;
const uuid = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

describe('a backend is told', () => {
  test('of a run that has ended: its code, data, parent and models', async () => {
    const parent = await createRun(server.ctx, {});
    const { run, model } = await trainedRun(server.ctx, {
      digest: 'told',
      tags: [
        { key: 'mlflow.source.git.commit', value: commit },
        { key: 'mlflow.source.git.branch', value: 'main' },
        { key: 'mlflow.source.git.repoURL', value: 'https://me:secret@github.com/team/iris.git' },
        { key: 'mlflow.parentRunId', value: parent.runId },
      ],
    });
    await server.drain();
    expect(received.map(({ path, key }) => [path, key])).toEqual(
      Array.from({ length: 2 }, () => ['POST /api/v1/lineage', 'Bearer the-key']),
    );
    expect(received.map(({ event }) => event.eventType)).toEqual(['START', 'COMPLETE']);
    expect(received[0]?.event.eventTime).toBe(run.startTime);
    const event = received[1]?.event;
    expect(event).toMatchObject({
      run: {
        runId: uuid(run.runId),
        facets: {
          parent: { run: { runId: uuid(parent.runId) }, job: { namespace: namespace(), name: 'Default' } },
        },
      },
      job: {
        namespace: namespace(),
        name: 'Default',
        facets: {
          jobType: { processingType: 'BATCH', integration: 'CAIRN', jobType: 'TRAINING' },
          sourceCodeLocation: {
            type: 'git',
            url: `https://github.com/team/iris/commit/${commit}`,
            repoUrl: 'https://github.com/team/iris.git',
            version: commit,
            branch: 'main',
          },
        },
      },
      inputs: [
        { namespace: 's3://bucket', name: 'iris.csv', facets: { version: { datasetVersion: 'told' } } },
      ],
      outputs: [{ namespace: namespace(), name: `logged-model:${model.modelId}` }],
    });
    expect(JSON.stringify(received)).not.toContain('secret');
  });

  test('of how a run ended', async () => {
    for (const status of ['FAILED', 'KILLED'] as const) {
      const { runId } = await createRun(server.ctx, {});
      await updateRun(server.ctx, runId, { status });
    }
    await server.drain();
    const ends = received.map(({ event }) => String(event.eventType)).filter((type) => type !== 'START');
    expect(ends.toSorted()).toEqual(['ABORT', 'FAIL']);
  });

  test('of a file that was scored, and of one that could not be', async () => {
    await deploy(server, 'emitting', classifier());
    for (const [name, rows] of [
      ['good.csv', '1,2,3\n'],
      ['bad.csv', 'x,y,z\n'],
    ] as const) {
      const input = `emitting/${name}`;
      const content = Buffer.from(`${name === 'bad.csv' ? 'a,b,c' : features.join(',')}\n${rows}`);
      await server.ctx.stores.blobs('batch-input').write(input, content);
      await server.call('POST', '/api/v1/batch-jobs', { endpoint: 'emitting', input });
      await server.drain();
    }
    const [, good, , bad] = received;
    expect(good?.event).toMatchObject({
      eventType: 'COMPLETE',
      job: { name: 'score.emitting', facets: { jobType: { jobType: 'SCORING' } } },
      inputs: [
        {
          namespace: namespace(),
          name: 'file:batch-input/emitting/good.csv',
          inputFacets: {
            dataQualityMetrics: {
              rowCount: 1,
              fileCount: 1,
              columnMetrics: { [features[0] ?? '']: { nullCount: 0, count: 1 } },
            },
          },
        },
        { namespace: namespace(), name: 'version:emitting/1' },
      ],
      outputs: [{ outputFacets: { outputStatistics: { rowCount: 1 } } }],
    });
    expect(bad?.event).toMatchObject({
      eventType: 'FAIL',
      run: { facets: { errorMessage: { programmingLanguage: 'JavaScript' } } },
      outputs: [],
    });
  });
});

describe('a backend that does not answer', () => {
  /** A context that collects what is sent to the queue, and what is logged. */
  function observed() {
    const sent: (EmitMessage & { delaySeconds?: number })[] = [];
    const said: string[] = [];
    const queues = {
      ...server.ctx.stores.queues,
      send: (_: unknown, __: string, message: object, options: { delaySeconds?: number } = {}) =>
        Promise.resolve(void sent.push({ ...(message as EmitMessage), ...options })),
    };
    const log = {
      info() {},
      warn: (message: string, fields?: object) => void said.push(message + JSON.stringify(fields)),
      error: (message: string, fields?: object) => void said.push(message + JSON.stringify(fields)),
    };
    const ctx: Context = { ...server.ctx, log, stores: { ...server.ctx.stores, queues } };
    return { ctx, sent, said };
  }

  async function endedRun(): Promise<EmitMessage> {
    const { runId } = await createRun(server.ctx, {});
    await updateRun(server.ctx, runId, { status: 'FINISHED' });
    return { kind: 'emit-lineage', of: 'run', id: runId, at: 1, failures: 0 };
  }

  test('is asked again later and later, and in the end given up', async () => {
    const first = await endedRun();
    const { ctx, sent, said } = observed();
    let message: EmitMessage | undefined = first;
    const delays: number[] = [];
    while (message) {
      answers.push(503);
      sent.length = 0;
      await emitLineage(ctx, message);
      const next: (typeof sent)[number] | undefined = sent[0];
      if (next) delays.push(next.delaySeconds ?? 0);
      message = next;
    }
    expect(delays).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]);
    expect(said.at(-1)).toContain('given up');
    expect(said.join()).not.toContain('the-key');
  });

  test('is told all when it is back, and asked no more about what it refuses or redirects', async () => {
    const message = await endedRun();
    const { ctx, sent } = observed();
    answers.push(200, 500);
    await emitLineage(ctx, message);
    await emitLineage(ctx, sent[0] ?? message);
    expect(received.map(({ event }) => event.eventType)).toEqual(['START', 'START', 'COMPLETE']);
    sent.length = 0;
    answers.push(400);
    await emitLineage(ctx, message);
    expect(sent).toEqual([]);
    answers.push(302);
    await emitLineage(ctx, message);
    expect(sent).toHaveLength(1);
  });

  test('is sent a key that is kept elsewhere, a newer one once it refused the old, and is waited for without any', async () => {
    const message = await endedRun();
    const { ctx, sent, said } = observed();
    const values = ['the-old-key', 'the-new-key'];
    const secrets: Context['stores']['secrets'] = {
      read: (name) =>
        name === 'lineage'
          ? Promise.resolve(values[0] ?? '')
          : Promise.reject(new CairnError('unavailable', `Cannot read secret '${name}'.`)),
      wasRefused: () => void values.shift(),
    };
    const openLineage = {
      ...ctx.settings.openLineage,
      url: ctx.settings.openLineage?.url ?? '',
      key: undefined,
    };
    const keyed = (keySecret: string): Context => ({
      ...ctx,
      stores: { ...ctx.stores, secrets },
      settings: { ...ctx.settings, openLineage: { ...openLineage, keySecret } },
    });
    answers.push(401);
    await emitLineage(keyed('lineage'), message);
    await emitLineage(keyed('lineage'), sent[0] ?? message);
    expect(received.map(({ key }) => key)).toEqual(['Bearer the-new-key', 'Bearer the-new-key']);
    sent.length = 0;
    await emitLineage(keyed('none'), message);
    expect(received).toHaveLength(2);
    expect(sent).toHaveLength(1);
    expect(said.at(-1)).toContain("Cannot read secret 'none'");
    expect(said.join()).not.toMatch(/the-(old|new)-key/);
  });

  test('keeps nothing back where none is set, and nothing is told of what is gone or runs again', async () => {
    const { ctx, sent } = observed();
    const event = {
      type: 'run.finished',
      aggregate: 'run/1',
      seq: 1,
      actor: '',
      requestId: '',
      traceparent: '',
      at: 1,
      subject: { runId: '1' },
    } as const;
    const none = { ...ctx, settings: { ...ctx.settings, openLineage: undefined } };
    await announceEnded(none, event);
    await emitLineage(none, await endedRun());
    expect(sent).toEqual([]);
    await announceEnded(ctx, event);
    expect(sent).toMatchObject([{ of: 'run', id: '1', failures: 0 }]);
    const { runId } = await createRun(server.ctx, {});
    await emitLineage(ctx, { kind: 'emit-lineage', of: 'run', id: runId, at: 1, failures: 0 });
    for (const of of ['run', 'batch-job', 'retraining', 'version'] as const)
      await emitLineage(ctx, { kind: 'emit-lineage', of, id: 'none/1', at: 1, failures: 0 });
    expect(received).toEqual([]);
    await server.drain();
  });
});
