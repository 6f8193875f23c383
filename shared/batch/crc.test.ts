import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { joinCrc } from './crc.ts';

test.each([0, 1, 7, 1000, 70_000])(
  'the checksum of a piece and %i bytes behind it is that of both',
  (bytes) => {
    const [first, second] = [Buffer.from('id,a\n1,2\n'), Buffer.alloc(bytes, 'cairn')];
    expect(joinCrc(crc32(first), crc32(second), bytes)).toBe(crc32(Buffer.concat([first, second])));
    expect(joinCrc(0, crc32(second), bytes)).toBe(crc32(second));
  },
);
