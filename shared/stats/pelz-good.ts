/**
 * P(Dₙ < d) of the one-sample Kolmogorov statistic to O(1/n²): the limit law and three corrections. Pelz and Good,
 * Journal of the Royal Statistical Society B 38, 1976. The error is below 1e-5 for n > 140, and falls with n.
 */
export function pelzGood(n: number, d: number): number {
  const z = Math.sqrt(n) * d;
  const z2 = z * z;
  const pi2 = Math.PI ** 2;
  let k0 = 0;
  let k1 = 0;
  let k2 = 0;
  let k3 = 0;
  let k2Even = 0;
  let k3Even = 0;
  for (let k = 1; k <= Math.ceil((16 * z) / Math.PI); k++) {
    const odd = ((2 * k - 1) ** 2 * pi2) / 4;
    const weight = Math.exp(-odd / (2 * z2));
    k0 += weight;
    k1 += (odd - z2) * weight;
    k2 += (6 * z2 ** 3 + 2 * z2 ** 2 + (2 * z2 ** 2 - 5 * z2) * odd + (1 - 2 * z2) * odd ** 2) * weight;
    k3 +=
      (-30 * z2 ** 3 -
        90 * z2 ** 4 +
        (135 * z2 ** 2 - 96 * z2 ** 3) * odd +
        (212 * z2 ** 2 - 60 * z2) * odd ** 2 +
        (5 - 30 * z2) * odd ** 3) *
      weight;
    const even = k ** 2 * pi2;
    const evenWeight = Math.exp(-even / (2 * z2));
    k2Even += even * evenWeight;
    k3Even += (3 * z2 - even) * even * evenWeight;
  }
  const limit = k0 / z;
  const first = k1 / (6 * z2 ** 2);
  const second = k2 / (72 * z ** 7) - k2Even / (36 * z ** 3);
  const third = k3 / (6480 * z ** 10) + k3Even / (216 * z ** 6);
  return Math.sqrt(2 * Math.PI) * (limit + first / Math.sqrt(n) + second / n + third / n ** 1.5);
}
