/** Events among calls of either version in one stretch of time. */
export type Rates = {
  readonly stable: { readonly events: number; readonly calls: number };
  readonly canary: { readonly events: number; readonly calls: number };
};

/** How many times as often as allowed the events might come; alternatives of equal weight. */
const multiples = [1.25, 1.5, 2, 3, 5, 10, 30, 100, 1000];

/**
 * Evidence that events come to the canary more than `ratioMax` times as often as to the stable version: an e-process,
 * so that it can be looked at as often as one likes. Were they not, it would ever reach 1/α with a chance of at most α
 * (Ville's inequality; Ramdas, Grünwald, Vovk and Shafer, Statistical Science 38, 2023).
 *
 * In a stretch of time with c and s calls and x and y events, the likelihood ratio of mρ against ρ, given that an event
 * happened, is m^x ((ρc + s) / (mρc + s))^(x + y): an event is the canary's with probability ρc / (ρc + s) at the limit
 * (Wald's sequential probability ratio). It is multiplied over the stretches and averaged over m > 1.
 *
 * Its expectation is at most 1 not only for rare events. With R = (ρc + s) / (mρc + s), independent calls that fail with
 * probability p in the one version and at most ρp in the other have ln E ≤ c ln(1 + ρp(mR − 1)) + s ln(1 + p(R − 1)) ≤
 * p (ρc(mR − 1) + s(R − 1)) = p (R(mρc + s) − (ρc + s)) = 0, whatever p is in each stretch.
 * Calls of one caller that is kept with a version are not independent: one who always fails weighs more than this says.
 */
export function rateEvidence(stretches: readonly Rates[], ratioMax: number): number {
  const logs = multiples.map((multiple) => {
    let log = 0;
    for (const { stable, canary } of stretches) {
      const events = stable.events + canary.events;
      if (events === 0) continue;
      const expected = ratioMax * canary.calls;
      log += canary.events * Math.log(multiple);
      log += events * Math.log((expected + stable.calls) / (multiple * expected + stable.calls));
    }
    return log;
  });
  return evidenceOf(logMean(logs));
}

/** Of this size it is said to be; more says no more. */
const evidenceMax = 1e12;

export function evidenceOf(log: number): number {
  return Math.min(Math.exp(log), evidenceMax);
}

/** ln of the mean of e^x. */
function logMean(logs: readonly number[]): number {
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / logs.length);
}
