const MASK = 0xffff_ffff_ffff_ffffn;
const C1 = 0x87c3_7b91_1142_53d5n;
const C2 = 0x4cf5_ad43_2745_937fn;

/**
 * MurmurHash3, the x64 variant with 128 bits and seed 0 (Austin Appleby, public domain).
 *
 * @returns the two halves of the hash
 */
export function murmurHash3x64(bytes: Uint8Array): [bigint, bigint] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tailStart = bytes.length - (bytes.length % 16);
  let h1 = 0n;
  let h2 = 0n;
  for (let i = 0; i < tailStart; i += 16) {
    h1 ^= mixFirst(view.getBigUint64(i, true));
    h1 = (rotate(h1, 27n) + h2) & MASK;
    h1 = (h1 * 5n + 0x52dc_e729n) & MASK;
    h2 ^= mixSecond(view.getBigUint64(i + 8, true));
    h2 = (rotate(h2, 31n) + h1) & MASK;
    h2 = (h2 * 5n + 0x3849_5ab5n) & MASK;
  }
  if (tailStart < bytes.length) {
    const tail = new DataView(new ArrayBuffer(16));
    for (let i = tailStart; i < bytes.length; i++) tail.setUint8(i - tailStart, bytes[i]);
    h2 ^= mixSecond(tail.getBigUint64(8, true));
    h1 ^= mixFirst(tail.getBigUint64(0, true));
  }
  h1 ^= BigInt(bytes.length);
  h2 ^= BigInt(bytes.length);
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  h1 = finish(h1);
  h2 = finish(h2);
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  return [h1, h2];
}

function mixFirst(k: bigint): bigint {
  return (rotate((k * C1) & MASK, 31n) * C2) & MASK;
}

function mixSecond(k: bigint): bigint {
  return (rotate((k * C2) & MASK, 33n) * C1) & MASK;
}

function rotate(x: bigint, bits: bigint): bigint {
  return ((x << bits) | (x >> (64n - bits))) & MASK;
}

function finish(start: bigint): bigint {
  let h = start;
  h ^= h >> 33n;
  h = (h * 0xff51_afd7_ed55_8ccdn) & MASK;
  h ^= h >> 33n;
  h = (h * 0xc4ce_b9fe_1a85_ec53n) & MASK;
  return h ^ (h >> 33n);
}
