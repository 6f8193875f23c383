let taken = 0;

/** A name that nothing has yet, also where a test is tried again: what its first attempt made is still there. */
export function fresh(name: string): string {
  taken++;
  return `${name}-${taken}`;
}
