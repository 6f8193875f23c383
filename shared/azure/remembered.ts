/**
 * What `load` gives, asked for once by however many callers, and again once it is older than
 * `secondsMax`. A failure is not remembered. `forget` has the next caller load anew, unless what is held is
 * younger than `secondsMin`.
 */
export function remembered<T>(
  load: () => Promise<T>,
  secondsMax = Number.POSITIVE_INFINITY,
): (() => Promise<T>) & { forget(secondsMin?: number): void } {
  let held: { readonly value: Promise<T>; readonly since: number } | undefined;
  const get = () => {
    if (held && performance.now() - held.since < secondsMax * 1000) return held.value;
    const value = load();
    const mine = { value, since: performance.now() };
    held = mine;
    value.catch(() => {
      if (held === mine) held = undefined;
    });
    return value;
  };
  return Object.assign(get, {
    forget(secondsMin = 0) {
      if (held && performance.now() - held.since >= secondsMin * 1000) held = undefined;
    },
  });
}
