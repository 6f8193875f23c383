/** What the demo says: a line per step with its figures, and a check of every fact it states. */
const started = performance.now();
let number = 0;

/** Begins a step. */
export function step(title: string): void {
  number++;
  process.stdout.write(`\n${String(number).padStart(2)}. ${title}\n`);
}

/** A figure or a sentence below the step. */
export function say(text: string): void {
  process.stdout.write(`    ${text}\n`);
}

/** States a fact that has been checked; throws when it does not hold. */
export function fact(holds: boolean, text: string): void {
  if (!holds) throw new Error(`this should hold, but does not: ${text}`);
  process.stdout.write(`    ✓ ${text}\n`);
}

export function secondsSoFar(): string {
  return `${((performance.now() - started) / 1000).toFixed(0)} s`;
}

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
