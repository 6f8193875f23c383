import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { unpacked } from './gzip.ts';
import { PackedLines } from './packed.ts';
import type { RowBlock } from './rows.ts';
import type { RowWriter } from './writer.ts';

const text = Buffer.from(Array.from({ length: 200 }, (_, i) => `${i},${Math.sin(i)}\n`).join(''));
const packed = Buffer.concat([gzipSync(text.subarray(0, 999)), gzipSync(text.subarray(999))]);

async function whole(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat((await Readable.from(source).toArray()) as Uint8Array[]);
}

const pieces = (bytes: Buffer, size: number) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    ),
  );

test('what is unpacked from any position on is the tail of the whole, of several members too', async () => {
  for (const size of [1, 7, packed.length])
    for (const from of [0, 1, 998, 999, 1000, text.length - 1, text.length, text.length + 5])
      expect((await whole(unpacked(pieces(packed, size), from))).equals(text.subarray(from))).toBe(true);
});

test('a file that breaks off anywhere is refused', async () => {
  const one = gzipSync(text);
  for (let length = 1; length < one.length; length += 37)
    await expect(whole(unpacked(pieces(one.subarray(0, length), 100)))).rejects.toThrow('breaks off');
});

test('what fails while the file is fetched is not the fault of the file', async () => {
  const failing = async function* () {
    yield packed.subarray(0, 100);
    await Promise.resolve();
    throw new Error('the line is dead');
  };
  await expect(whole(unpacked(failing()))).rejects.toThrow('the line is dead');
});

test('what unpacks without end is taken piece by piece', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  let largest = 0;
  for await (const piece of unpacked(pieces(bomb, 1024))) largest = Math.max(largest, piece.length);
  expect(largest).toBeLessThan(1024 * 1024);
});

test('members are the same wherever between them the work was left off', () => {
  // One buffer for all, as the writers of lines have.
  const buffer = Buffer.alloc(20);
  const lines: RowWriter = {
    isHolding: false,
    head: () => Buffer.from('a\n'),
    write: ({ position }) => ({ bytes: buffer.subarray(0, buffer.write(`row ${position}\n`)) }),
    close: () => ({ bytes: new Uint8Array() }),
  };
  const block = (position: number) => ({ position, rows: 1 }) as RowBlock;
  const write = (from: number, until: number) => {
    const writer = new PackedLines(lines);
    const parts: { position: number; bytes: Buffer; isHolding: boolean }[] = [];
    for (let position = from; position < until; position++) {
      const { bytes } = writer.write(block(position), []);
      parts.push({ position, bytes: Buffer.from(bytes), isHolding: writer.isHolding });
    }
    return [...parts, { position: until, bytes: Buffer.from(writer.close().bytes), isHolding: false }];
  };
  const bytesOf = (parts: ReturnType<typeof write>) => Buffer.concat(parts.map(({ bytes }) => bytes));
  const all = write(0, 11);
  expect(gunzipSync(bytesOf(all)).toString()).toBe(
    Array.from({ length: 11 }, (_, i) => `row ${i}\n`).join(''),
  );
  const ends = all.filter(({ isHolding }) => !isHolding);
  expect(ends.length).toBeGreaterThan(2);
  for (const { position } of ends.slice(0, -1)) {
    const before = all.filter((part) => part.position <= position);
    expect(Buffer.concat([bytesOf(before), bytesOf(write(position + 1, 11))]).equals(bytesOf(all))).toBe(
      true,
    );
  }
});
