import { murmur3 } from '../stats/index.ts';

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

/** The estimate; up to 2.5 times as many as there are registers by the empty ones (linear counting), which errs less there. */
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
