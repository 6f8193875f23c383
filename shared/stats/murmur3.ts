/**
 * 32 bits that look drawn, the same for the same bytes and seed: MurmurHash3_x86_32 of
 * https://github.com/aappleby/smhasher/wiki/MurmurHash3. Who wants two bytes with one hash finds them.
 */
export function murmur3(bytes: Buffer, seed: number): number {
  let hash = seed;
  const mixed = (block: number) => {
    const scaled = Math.imul(block, 0xcc9e2d51);
    return Math.imul((scaled << 15) | (scaled >>> 17), 0x1b873593);
  };
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    hash ^= mixed(bytes.readInt32LE(at));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8) | bytes[at];
  if (bytes.length > whole) hash ^= mixed(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
