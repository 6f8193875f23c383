/** The file that was dropped on the page before this one. */
let file: File | undefined;

export function handOver(dropped: File): void {
  file = dropped;
}

/** Takes what was handed over, once. */
export function takeHanded(): File | undefined {
  const taken = file;
  file = undefined;
  return taken;
}
