/** A square matrix times a power of two that keeps its entries within what a double holds. */
type Scaled = { readonly cells: Float64Array; readonly exponent: number };

/** An entry beyond this is scaled down by it. */
const scale = 2 ** 128;

/**
 * P(Dₙ < d) of the one-sample Kolmogorov statistic, exactly, as an element of the n-th power of a matrix of 2⌈nd⌉ − 1
 * rows: Durbin, 1973; Marsaglia, Tsang and Wang, Journal of Statistical Software 8/18, 2003. About 13 digits; the time is
 * (nd)³ log n.
 */
export function durbinBelow(n: number, d: number): number {
  const k = Math.floor(n * d) + 1;
  const size = 2 * k - 1;
  const h = k - n * d;
  const step = Float64Array.from({ length: size * size }, (_, at) =>
    Math.floor(at / size) - (at % size) + 1 >= 0 ? 1 : 0,
  );
  for (let i = 0; i < size; i++) {
    step[i * size] -= h ** (i + 1);
    step[(size - 1) * size + i] -= h ** (size - i);
  }
  if (2 * h > 1) step[(size - 1) * size] += (2 * h - 1) ** size;
  const inverse = inverseFactorials(size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i + 1 && j < size; j++) step[i * size + j] *= inverse[i - j + 1];
  }
  const { cells, exponent } = raise({ cells: step, exponent: 0 }, n, size);
  return withFactorial(cells[(k - 1) * size + k - 1], n, exponent);
}

/** value · 2^exponent · n! / nⁿ */
function withFactorial(value: number, n: number, exponent: number): number {
  let result = value;
  let power = exponent;
  for (let i = 1; i <= n; i++) {
    result = (result * i) / n;
    if (result < 1 / scale) {
      result *= scale;
      power -= 128;
    }
  }
  return result * 2 ** power;
}

/** 1 / i! for i from 0 to `size`. */
function inverseFactorials(size: number): Float64Array {
  const inverse = new Float64Array(size + 1).fill(1);
  for (let i = 2; i <= size; i++) inverse[i] = inverse[i - 1] / i;
  return inverse;
}

function raise(base: Scaled, power: number, size: number): Scaled {
  if (power === 1) return base;
  const half = raise(base, power >> 1, size);
  const square = multiply(half, half, size);
  return power % 2 ? multiply(base, square, size) : square;
}

function multiply(a: Scaled, b: Scaled, size: number): Scaled {
  const product = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = a.cells[i * size + k];
      for (let j = 0; j < size; j++) product[i * size + j] += factor * b.cells[k * size + j];
    }
  }
  const exponent = a.exponent + b.exponent;
  const middle = product[((size * size) / 2) | 0];
  if (middle <= scale) return { cells: product, exponent };
  return { cells: product.map((cell) => cell / scale), exponent: exponent + 128 };
}
