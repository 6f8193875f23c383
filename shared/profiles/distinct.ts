/** Registers of the sketch: 1.04 / √4096 is a standard error of 1.6 %. */
const registersLog2 = 12;
const registerCount = 1 << registersLog2;

/**
 * How many different texts there were: HyperLogLog (Flajolet, Fusy, Gandouet and Meunier, 2007) over 64-bit hashes,
 * by register. The union of two is the larger of each register, so neither order nor repeats make a difference.
 */
export type Distinct = Uint8Array;

export function noDistinct(): Distinct {
  return new Uint8Array(registerCount);
}

export function addDistinct(registers: Distinct, text: string): void {
  const bytes = Buffer.from(text);
  const high = murmur3(bytes, 0x9747b28c);
  const low = murmur3(bytes, 0x3c074a61);
  const register = high >>> (32 - registersLog2);
  // The first 1 among the 52 bits behind those that name the register.
  const rest = (high << registersLog2) >>> 0;
  const zeros = rest === 0 ? 32 - registersLog2 + Math.clz32(low) : Math.clz32(rest);
  registers[register] = Math.max(registers[register], zeros + 1);
}

export function mergeDistinct(a: Distinct, b: Distinct): Distinct {
  return a.map((value, i) => Math.max(value, b[i]));
}

/** The estimate; below 2.5 registers' worth by the number of empty ones, which is nearly exact. */
export function countDistinct(registers: Distinct): number {
  let inverse = 0;
  let empty = 0;
  for (const value of registers) {
    inverse += 2 ** -value;
    if (value === 0) empty++;
  }
  const raw = ((0.7213 / (1 + 1.079 / registerCount)) * registerCount * registerCount) / inverse;
  return empty > 0 && raw <= 2.5 * registerCount ? registerCount * Math.log(registerCount / empty) : raw;
}

/** MurmurHash3 x86 32, https://github.com/aappleby/smhasher/wiki/MurmurHash3. */
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
