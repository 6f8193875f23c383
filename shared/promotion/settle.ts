import type { GateResult, Override } from './model.ts';

/**
 * What all gates together say, and each as it stands after an override: it lets pass the gates that had not
 * passed when it was given, and no others. One gate that failed or could not be judged refuses; else one that
 * waits holds up.
 */
export function settled(
  gates: readonly GateResult[],
  override: Override | undefined,
): { readonly verdict: 'passed' | 'waiting' | 'refused'; readonly gates: readonly GateResult[] } {
  const after = gates.map((gate) =>
    gate.status !== 'passed' && override?.gates.includes(gate.key)
      ? { ...gate, status: 'overridden' as const }
      : gate,
  );
  const has = (status: GateResult['status']) => after.some((gate) => gate.status === status);
  if (has('failed') || has('error')) return { verdict: 'refused', gates: after };
  return { verdict: has('waiting') ? 'waiting' : 'passed', gates: after };
}
