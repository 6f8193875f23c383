/** Wider ones would be of dictionaries that are larger than any page may be. */
const widthMax = 24;

/**
 * Decodes `output.length` whole numbers of `width` bits from the hybrid of runs and packed bits that levels and
 * indices are stored in, at `[at, end)` of `bytes`.
 * Source: https://github.com/apache/parquet-format/blob/master/Encodings.md, RLE = 3.
 * @throws {Error} where the bytes end before the numbers do.
 */
export function readHybrid(
  bytes: Uint8Array,
  at: number,
  end: number,
  width: number,
  output: Uint8Array | Uint16Array | Uint32Array,
): void {
  if (width > widthMax) throw new Error(`a page has indices of ${width} bits`);
  const count = output.length;
  const mask = 2 ** width - 1;
  const valueBytes = (width + 7) >> 3;
  let done = 0;
  while (done < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw cutShort();
      const byte = bytes[at++];
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    if (header % 2 === 0) {
      const run = Math.min(header / 2, count - done);
      if (run === 0) throw cutShort();
      if (at + valueBytes > end) throw cutShort();
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= bytes[at++] << (8 * i);
      output.fill(value, done, done + run);
      done += run;
      continue;
    }
    const packed = ((header - 1) / 2) * width;
    // Some writers leave out the bytes behind the last value.
    const values = Math.min(((header - 1) / 2) * 8, count - done);
    if (values === 0) throw cutShort();
    if (at + Math.ceil((values * width) / 8) > end) throw cutShort();
    let from = at;
    let buffer = 0;
    let bits = 0;
    for (let i = 0; i < values; i++) {
      for (; bits < width; bits += 8) buffer |= bytes[from++] << bits;
      output[done++] = buffer & mask;
      buffer >>>= width;
      bits -= width;
    }
    at += packed;
  }
}

function cutShort(): Error {
  return new Error('a page ends before its values do');
}
