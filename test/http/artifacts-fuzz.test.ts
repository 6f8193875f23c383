import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';

const long = process.env['CAIRN_TEST'] === 'long';
const secret = 'nobody outside may read this';

let data: string;
let stack: Stack;
let runId: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'cairn-fuzz-'));
  // HTTP as it is in Azure, through the library's own proxy.
  stack = await startStack({ data, port: 0, faithful: true });
  const post = async (path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${stack.url}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return (await response.json()) as { run: { info: { run_id: string } } };
  };
  runId = (await post('runs/create', { experiment_id: '0' })).run.info.run_id;
  const canary = await fetch(`${stack.url}${artifacts}/canary.txt`, {
    method: 'PUT',
    headers: { 'x-mlflow-workspace': 'secret' },
    body: secret,
  });
  if (!canary.ok) throw new Error(`The secret was not stored: ${canary.status}.`);
}, 120_000);
afterAll(async () => {
  await stack.stop();
  await rm(data, { recursive: true, force: true });
});

const artifacts = '/api/2.0/mlflow-artifacts/artifacts';

type Answer = { readonly status: number; readonly text: string };

/** One request with exactly this target, byte for byte: any HTTP client would tidy it up. */
async function raw(method: string, target: string, body = ''): Promise<Answer> {
  const { hostname, port } = new URL(stack.url);
  const socket = connect(Number(port), hostname).setTimeout(5_000, () =>
    socket.destroy(new Error('no answer')),
  );
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const type = method === 'POST' ? 'content-type: application/json\r\n' : '';
  const length =
    method === 'GET' || method === 'HEAD' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`;
  socket.write(
    `${method} ${target} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n${type}${length}\r\n${body}`,
  );
  await once(socket, 'close');
  const text = Buffer.concat(chunks).toString();
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0), text };
}

/** What an answer must never be: none, a failure of ours, or one that shows the inside or the secret. */
function whyBad({ status, text }: Answer): string | undefined {
  if (status === 0) return 'no answer';
  if (status >= 500) return `status ${status}`;
  if (text.includes(secret)) return 'the secret';
  const inside =
    /node_modules|\.[cm]?[jt]s:\d+|RestError|TypeError|    at |AuthenticationFailed|<Error>|devstoreaccount1(?!.*sig=)/.exec(
      text,
    );
  return inside ? `the inside: ${inside[0]}` : undefined;
}

const pieces = fc.constantFrom(
  ...[
    '..',
    '.',
    '...',
    '%2e',
    '%2E%2e',
    '.%2e',
    '%252e%252e',
    '%25252e',
    '%c0%ae%c0%ae',
    '%e0%80%ae',
    '%u002e',
  ],
  ...[
    '%2f',
    '%252f',
    '%5c',
    '\\',
    '..\\',
    '%c0%af',
    '%ef%bc%8f',
    '//',
    '/./',
    '/../',
    '/..;/',
    '..%00',
    '%00',
  ],
  ...[
    '%0a',
    '%0d%0aset-cookie:x',
    '%09',
    '%7f',
    '%c2%85',
    '%1b%5b31m',
    '%e2%80%ae',
    '%ef%bb%bf',
    '%ef%bf%bf',
    '%ef%bf%be',
  ],
  ...[
    '%ff',
    '%ed%a0%80',
    '%f0%9f%98%80',
    '%f5%80%80%80',
    '%',
    '%%',
    '%z',
    '%2',
    '%C3%A9',
    'e%CC%81',
    '%ef%ac%81',
  ],
  ...[
    'a',
    'b.txt',
    'secret',
    'canary.txt',
    'default',
    ' ',
    '+',
    '%20',
    '%2b',
    '&',
    ';',
    ':',
    '@',
    '~',
    '$',
    '*',
    '|',
    '"',
    '<',
    '>',
    "'",
    '`',
    '{',
    '}',
    '^',
    '[',
    ']',
  ],
  ...[
    '#',
    '?',
    '?a=b',
    '%23',
    '%3f',
    'CON',
    'con.',
    'a.',
    '.a',
    'x'.repeat(300),
    '%C3%A9'.repeat(160),
    'a/'.repeat(140),
  ],
);
const paths = fc
  .array(fc.tuple(pieces, fc.constantFrom('', '/', '/')), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.map(([piece, slash]) => piece + slash).join(''));

type Request = { readonly method: string; readonly target: string; readonly body: string };
const requests: fc.Arbitrary<Request> = fc
  .tuple(
    fc.constantFrom(
      ...[
        'GET file',
        'HEAD file',
        'PUT file',
        'DELETE file',
        'GET presigned',
        'GET list',
        'GET of run',
        'GET run list',
      ],
      ...[
        'POST create',
        'POST create in',
        'POST complete',
        'POST abort',
        'POST sign',
        'POST upload',
        'GET of version',
        'GET of model',
      ],
    ),
    paths,
  )
  .map(([kind, path]) => requestOf(kind, path));

function requestOf(kind: string, path: string): Request {
  const proxy = '/api/2.0/mlflow-artifacts';
  const body = (value: unknown) => JSON.stringify(value);
  switch (kind) {
    case 'GET presigned':
      return { method: 'GET', target: `${proxy}/presigned/${path}`, body: '' };
    case 'GET list':
      return { method: 'GET', target: `${artifacts}?path=${path}`, body: '' };
    case 'GET of run':
      return { method: 'GET', target: `/get-artifact?run_id=${runId}&path=${path}`, body: '' };
    case 'GET run list':
      return {
        method: 'GET',
        target: `/api/2.0/mlflow/artifacts/list?run_id=${runId}&path=${path}`,
        body: '',
      };
    case 'GET of version':
      return {
        method: 'GET',
        target: `/model-versions/get-artifact?name=${path}&version=1&path=${path}`,
        body: '',
      };
    case 'GET of model':
      return {
        method: 'GET',
        target: `/ajax-api/2.0/mlflow/logged-models/${path}/artifacts/files?artifact_file_path=${path}`,
        body: '',
      };
    case 'POST create':
      return {
        method: 'POST',
        target: `${proxy}/mpu/create/${path}`,
        body: body({ path: 'a', num_parts: 1 }),
      };
    case 'POST create in':
      return { method: 'POST', target: `${proxy}/mpu/create/a`, body: body({ path, num_parts: 1 }) };
    case 'POST complete':
      return {
        method: 'POST',
        target: `${proxy}/mpu/complete/${path}`,
        body: body({ path, upload_id: `${'0'.repeat(36)}-00001`, parts: [{ part_number: 1 }] }),
      };
    case 'POST abort':
      return { method: 'POST', target: `${proxy}/mpu/abort/${path}`, body: body({ path, upload_id: path }) };
    case 'POST sign':
      return {
        method: 'POST',
        target: '/api/2.0/mlflow/artifacts/presigned-download-url',
        body: body({ run_id: runId, path }),
      };
    case 'POST upload':
      return {
        method: 'POST',
        target: `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${runId}&path=${path}`,
        body: 'x',
      };
    default:
      return { method: kind.split(' ')[0] ?? '', target: `${artifacts}/${path}`, body: '' };
  }
}

describe('whatever path is asked for', () => {
  test('the answer is quick, not a failure of ours, and shows nothing of the inside or of others', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, target, body }) => {
        expect(whyBad(await raw(method, target, body))).toBeUndefined();
      }),
      { numRuns: long ? 5000 : 300 },
    );
  });

  test('what can be stored under it can be read under it', async () => {
    let stored = 0;
    await fc.assert(
      fc.asyncProperty(paths, fc.uuid(), async (path, text) => {
        const put = await raw('PUT', `${artifacts}/kept/${path}`, text);
        expect(whyBad(put)).toBeUndefined();
        if (put.status !== 200 || /[?#]/.test(path)) return;
        stored++;
        expect((await raw('GET', `${artifacts}/kept/${path}`)).text.endsWith(`\r\n\r\n${text}`)).toBe(true);
      }),
      { numRuns: long ? 2000 : 100 },
    );
    expect(stored).toBeGreaterThan(5);
  });

  test.each([
    '../secret/canary.txt',
    '%2e%2e/secret/canary.txt',
    '%2e%2e%2fsecret%2fcanary.txt',
    '..%2fsecret/canary.txt',
    '..%5csecret%5ccanary.txt',
    '..\\secret\\canary.txt',
    '%252e%252e/secret/canary.txt',
    '%252e%252e%252fsecret%252fcanary.txt',
    'a/../../secret/canary.txt',
    '/secret/canary.txt',
    '%2fsecret/canary.txt',
    '..;/secret/canary.txt',
    '%c0%ae%c0%ae/secret/canary.txt',
    '%ef%bc%8e%ef%bc%8e/secret/canary.txt',
    '.%00./secret/canary.txt',
    '%u002e%u002e/secret/canary.txt',
  ])('%s does not lead to the files of others', async (path) => {
    const answers = await Promise.all([
      raw('GET', `${artifacts}/${path}`),
      raw('GET', `/get-artifact?run_id=${runId}&path=${path}`),
      raw('GET', `/api/2.0/mlflow-artifacts/presigned/${path}`),
      raw('GET', `${artifacts}?path=${path.replace('/canary.txt', '')}`),
    ]);
    expect(answers.map(whyBad)).toEqual([undefined, undefined, undefined, undefined]);
    expect(answers.slice(0, 3).map(({ status }) => [400, 404].includes(status))).toEqual([true, true, true]);
    expect(answers[3]?.text).not.toContain('canary');
  });
});
