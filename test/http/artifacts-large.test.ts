import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';

const long = process.env['CAIRN_TEST'] === 'long';
const MiB = 1024 * 1024;
/** A stream holds four blocks of 4 MiB, and its garbage until it is collected. */
const growthMiBMax = 160;

let data: string;
let stack: Stack;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'cairn-large-'));
  stack = await startStack({ data, port: 0, faithful: true });
}, 120_000);
afterAll(async () => {
  await stack.stop();
  await rm(data, { recursive: true, force: true });
});

const url = (path: string) => `${stack.url}/api/2.0/mlflow-artifacts/${path}`;

async function post(path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url(path), { method: 'POST', headers, body: JSON.stringify(body) });
  expect([response.status, path]).toEqual([200, path]);
  return response;
}

/** A mebibyte that is like no other of the file. */
function piece(number: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(MiB, createHash('sha256').update(String(number)).digest());
  bytes.writeUInt32LE(number);
  return bytes;
}

function* pieces(first: number, count: number): Generator<Buffer<ArrayBuffer>> {
  for (let number = first; number < first + count; number++) yield piece(number);
}

function digestOf(chunks: Iterable<Buffer>): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

async function digestAt(path: string): Promise<string> {
  const response = await fetch(url(`artifacts/${path}`));
  expect(response.status).toBe(200);
  const hash = createHash('sha256');
  for await (const chunk of response.body ?? []) hash.update(chunk);
  return hash.digest('hex');
}

/** How many MiB the host grew at most while something was done. */
async function growthMiB(during: () => Promise<void>): Promise<number> {
  const status = (name: string) =>
    Number(
      new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(
        readFileSync(`/proc/${stack.pids.host}/status`, 'utf8'),
      )?.[1],
    );
  // Linux takes 5 for: the peak begins anew.
  writeFileSync(`/proc/${stack.pids.host}/clear_refs`, '5');
  const before = status('VmRSS');
  await during();
  return (status('VmHWM') - before) / 1024;
}

/** Sends a file in one request, as slowly as the host takes it. */
async function put(path: string, mebibytes: number, headers: Record<string, string>): Promise<number> {
  const sending = request(url(`artifacts/${path}`), { method: 'PUT', headers });
  const answered = once(sending, 'response');
  await pipeline(Readable.from(pieces(0, mebibytes)), sending);
  const [response] = (await answered) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

describe('memory stays flat while', () => {
  const mebibytes = 90;

  test.each(long ? ['its length', 'no length'] : ['no length'])(
    'a file streams up in one request with %s',
    async (announced) => {
      const headers: Record<string, string> =
        announced === 'its length' ? { 'content-length': String(mebibytes * MiB) } : {};
      const growth = await growthMiB(async () => {
        expect(await put('plain.bin', mebibytes, headers)).toBe(200);
      });
      expect(await digestAt('plain.bin')).toBe(digestOf(pieces(0, mebibytes)));
      expect(growth).toBeLessThan(growthMiBMax);
    },
  );

  test('a large file goes up in parts and comes down by redirect', async () => {
    const [parts, partMiB] = long ? [128, 16] : [8, 8];
    const growth = await growthMiB(async () => {
      const created = await post('mpu/create/large', { path: 'file.bin', num_parts: parts });
      const { upload_id, credentials } = (await created.json()) as {
        upload_id: string;
        credentials: { part_number: number; url: string }[];
      };
      const left = credentials.values();
      const worker = async () => {
        for (const { part_number, url: target } of left) {
          const body = Buffer.concat([...pieces((part_number - 1) * partMiB, partMiB)]);
          const response = await fetch(target, { method: 'PUT', body });
          if (!response.ok) throw new Error(`Part ${part_number} was answered ${response.status}.`);
        }
      };
      await Promise.all([worker(), worker(), worker()]);
      await post('mpu/complete/large', {
        path: 'file.bin',
        upload_id,
        parts: credentials.map((part) => ({ ...part, etag: '' })),
      });
      expect(await digestAt('large/file.bin')).toBe(digestOf(pieces(0, parts * partMiB)));
    });
    expect(growth).toBeLessThan(growthMiBMax);
  });
});

describe('of a file whose sender goes away midway', () => {
  test.each(['content-length: 20971520', 'transfer-encoding: chunked'])(
    'with %s, nothing is to be seen',
    async (header) => {
      const { hostname, port, pathname } = new URL(url('artifacts/cut/file.bin'));
      const socket = connect(Number(port), hostname).on('error', () => {});
      socket.write(`PUT ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\n${header}\r\n\r\n`);
      for (const bytes of pieces(0, 10)) {
        if (header.includes('chunked')) socket.write(`${MiB.toString(16)}\r\n`);
        socket.write(bytes);
        if (header.includes('chunked')) socket.write('\r\n');
      }
      await once(socket, 'drain');
      socket.destroy();
      // What was sent after it is stored, and by then the host knows of the loss.
      expect(await put('cut/after.bin', 1, {})).toBe(200);
      expect((await fetch(url('artifacts/cut/file.bin'))).status).toBe(404);
      const listed = (await (await fetch(url('artifacts?path=cut'))).json()) as { files: { path: string }[] };
      expect(listed.files.map((file) => file.path)).toEqual(['after.bin']);
    },
  );
});
