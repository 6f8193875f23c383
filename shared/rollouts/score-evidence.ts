import { logGamma } from '../stats/index.ts';
import { evidenceOf } from './rate-evidence.ts';

/** Jeffreys' prior. */
const prior = 0.5;

/**
 * Evidence that the scores of the canary come from another distribution than those of the stable version, by counts in
 * the same groups: universal inference (Wasserman, Ramdas and Balakrishnan, PNAS 117, 2020). The likelihood of both
 * under Dirichlet mixtures of their own, over the largest that one common distribution can give them: under any common
 * distribution that is at most a martingale that begins at 1, so that it can be looked at as often as one likes.
 * The groups must not be chosen by what is counted here.
 */
export function scoreEvidence(stable: readonly number[], canary: readonly number[]): number {
  const both = stable.map((count, group) => count + (canary[group] ?? 0));
  return evidenceOf(logMixture(stable) + logMixture(canary) - logLargest(both));
}

/** ln of the probability of a sequence with these counts, mean over a Dirichlet prior. */
function logMixture(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const weight = counts.length * prior;
  return counts.reduce(
    (sum, count) => sum + logGamma(prior + count) - logGamma(prior),
    logGamma(weight) - logGamma(weight + total),
  );
}

/** ln of the probability of a sequence with these counts, by their own shares. */
function logLargest(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count) => (count === 0 ? sum : sum + count * Math.log(count / total)), 0);
}
