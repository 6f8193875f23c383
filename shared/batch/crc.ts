/** x⁰ … of CRC-32 (IEEE 802.3), its bits reflected: what a zero bit does to each bit of a checksum. */
const polynomial = 0xedb88320;

/**
 * The CRC-32 of two pieces one behind the other, by those of each and the length of the second in bytes: the first is
 * moved on by so many zero bytes, by squaring (as zlib's crc32_combine does since 1.1.4).
 */
export function joinCrc(first: number, second: number, bytes: number): number {
  let moved = first;
  let step = zeroByte();
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) moved = times(step, moved);
    step = step.map((column) => times(step, column));
  }
  return (moved ^ second) >>> 0;
}

/** What one zero byte does: column i is what becomes of bit i. */
function zeroByte(): number[] {
  return Array.from({ length: 32 }, (_, bit) => {
    let value = 2 ** bit;
    for (let i = 0; i < 8; i++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value >>> 0;
  });
}

function times(matrix: readonly number[], vector: number): number {
  let sum = 0;
  for (let bit = 0, left = vector; left !== 0; bit++, left >>>= 1) if (left & 1) sum ^= matrix[bit] ?? 0;
  return sum >>> 0;
}
