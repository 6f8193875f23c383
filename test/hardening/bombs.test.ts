import { deflateSync, gzipSync } from 'node:zlib';
import { parquetHeader } from 'hyparquet/src/column.js';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isCode } from '../../shared/http/index.ts';
import { parseTable } from '../../shared/datasets/index.ts';
import { classifier, deploy } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';

/** What is small where it is sent and huge where it is opened. */

const gigabyte = 1024 ** 3;
/** Zeros pack a thousandfold. */
const zeros = Buffer.alloc(gigabyte / 4);

/** What `work` adds to the memory of the process, and the seconds that it computes. */
async function costOf(work: () => Promise<unknown>): Promise<{ megabytes: number; seconds: number }> {
  const memory = process.memoryUsage.rss();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { megabytes: (process.memoryUsage.rss() - memory) / 1024 ** 2, seconds: (user + system) / 1e6 };
}

describe('a compressed body', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer();
    await deploy(server, 'iris', classifier());
  });
  afterAll(() => server.close());

  const packed = { gzip: gzipSync(zeros, { level: 1 }), deflate: deflateSync(zeros, { level: 1 }) };

  test.each([
    ['/endpoints/iris/invocations', 'gzip'],
    ['/endpoints/iris/invocations', 'deflate'],
    ['/v2/models/iris/infer', 'gzip'],
    ['/api/v1/lineage', 'gzip'],
  ] as const)(
    'that unpacks to 256 MB is refused by %s (%s) before it is unpacked whole',
    async (path, encoding) => {
      const statuses: number[] = [];
      const { megabytes, seconds } = await costOf(async () => {
        const response = await server.fetch(path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-encoding': encoding },
          body: new Uint8Array(packed[encoding]),
        });
        statuses.push(response.status);
        await response.arrayBuffer();
      });
      expect(statuses).toEqual([413]);
      expect(megabytes).toBeLessThan(150);
      expect(seconds).toBeLessThan(5);
    },
  );

  test('within a compressed body is not opened', async () => {
    const response = await server.fetch('/endpoints/iris/invocations', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip, gzip' },
      body: new Uint8Array(gzipSync(packed.gzip)),
    });
    expect(response.status).toBe(415);
  });

  test.each(['runs/create', 'runs/log-batch', 'experiments/create'])(
    'is taken for what it is where no one said that it is unpacked (%s)',
    async (path) => {
      const response = await server.fetch(`/api/2.0/mlflow/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body: new Uint8Array(gzipSync('{}')),
      });
      expect(response.status).toBe(400);
    },
  );
});

describe('a Parquet file', () => {
  const honest = (codec: 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP') =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [{ name: 'x', data: [1, 2, 3, 4], type: 'DOUBLE' }],
        codec,
        compressors: { GZIP: (data: Uint8Array) => gzipSync(data) },
      }),
    );

  /** The file with the header of its first page changed. The footer says where the page begins, which stays so. */
  function lying(file: Uint8Array, lie: { bytes?: number; values?: number }): Uint8Array {
    const reader = { view: new DataView(file.buffer, file.byteOffset, file.byteLength), offset: 4 };
    const header = parquetHeader(reader);
    const page = header.data_page_header_v2;
    if (!page) throw new Error('The writer of these tests writes pages of version 2.');
    const count = lie.values ?? page.num_values;
    const common = [
      ...i32(1, 3),
      ...i32(1, lie.bytes ?? header.uncompressed_page_size),
      ...i32(1, header.compressed_page_size),
    ];
    const inner = [
      ...i32(1, count),
      ...i32(1, page.num_nulls),
      ...i32(1, count),
      ...i32(1, page.encoding === 'PLAIN' ? 0 : 8),
      ...i32(1, page.definition_levels_byte_length),
      ...i32(1, page.repetition_levels_byte_length),
      (1 << 4) | (page.is_compressed ? 1 : 2),
    ];
    const forged = Buffer.from([...common, (5 << 4) | 12, ...inner, 0, 0]);
    return new Uint8Array(Buffer.concat([file.subarray(0, 4), forged, file.subarray(reader.offset)]));
  }

  /** A field of Thrift's compact protocol: an integer, `delta` behind the field before it. */
  function i32(delta: number, value: number): number[] {
    const bytes = [(delta << 4) | 5];
    for (let rest = value * 2; ; rest = Math.floor(rest / 128)) {
      if (rest < 128) return [...bytes, rest];
      bytes.push((rest % 128) | 128);
    }
  }

  test('is read where nothing is changed', async () => {
    for (const codec of ['UNCOMPRESSED', 'SNAPPY', 'GZIP'] as const)
      expect((await parseTable(honest(codec))).rows).toBe(4);
  });

  test.each([
    ['SNAPPY', { bytes: 2 ** 31 - 1 }],
    ['GZIP', { bytes: 2 ** 31 - 1 }],
    ['GZIP', { bytes: 2 ** 27 + 1 }],
    ['UNCOMPRESSED', { bytes: 2 ** 31 - 1 }],
    ['UNCOMPRESSED', { values: 2 ** 31 - 1 }],
    ['SNAPPY', { values: 5 }],
  ] as const)(
    'whose page announces what is not there (%s, %j) is refused without room made for it',
    async (codec, lie) => {
      const file = lying(honest(codec), lie);
      const { megabytes, seconds } = await costOf(() =>
        expect(parseTable(file)).rejects.toSatisfy((error) => isCode(error, 'invalid', 'too-large')),
      );
      expect(megabytes).toBeLessThan(50);
      expect(seconds).toBeLessThan(1);
    },
  );

  test('with many rows of one value in few bytes is refused by its number of values', async () => {
    const data = new Array<number>(9_000_000).fill(1);
    const file = new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: 'x', data, type: 'DOUBLE' }], codec: 'SNAPPY' }),
    );
    await expect(parseTable(file)).rejects.toSatisfy((error) => isCode(error, 'too-large'));
  });
});
