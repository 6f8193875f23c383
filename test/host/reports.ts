/** What the fixture apps tell from inside: they emit `fixture` on the process they share with the test. */

interface Report {
  name: string;
  // Each test knows what its fixture reports.
  value: unknown;
}

export interface Reports {
  all: Report[];
  /** Values reported under `name` so far. */
  of<T>(name: string): T[];
  /** Resolves with the `count`-th value reported under `name`; fails after the deadline. */
  next<T>(name: string, count?: number, secondsMax?: number): Promise<T>;
  close(): void;
}

type Listener = (report: Report) => void;

export function listenToFixture(): Reports {
  const all: Report[] = [];
  const waiting = new Set<() => void>();
  const onReport: Listener = (report) => {
    all.push(report);
    for (const check of waiting) check();
  };
  const emitter: NodeJS.EventEmitter = process;
  emitter.on('fixture', onReport);
  const of = <T>(name: string) =>
    all.filter((report) => report.name === name).map((report) => report.value as T);
  return {
    all,
    of,
    next<T>(name: string, count = 1, secondsMax = 15) {
      return new Promise<T>((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(
            new Error(`"${name}" was reported ${of(name).length} times in ${secondsMax} s, not ${count}.`),
          );
        }, secondsMax * 1000);
        const check = () => {
          const found = of<T>(name);
          if (found.length < count) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(found[count - 1]);
        };
        waiting.add(check);
        check();
      });
    },
    close() {
      emitter.off('fixture', onReport);
    },
  };
}

/** Lets a fixture that waits go on. */
export function letGo(): void {
  const emitter: NodeJS.EventEmitter = process;
  emitter.emit('fixture-go');
}

/** Polls until `check` holds; fails after the deadline. */
export async function eventually(check: () => Promise<boolean> | boolean, secondsMax = 15): Promise<void> {
  const deadline = Date.now() + secondsMax * 1000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`It did not come true within ${secondsMax} s.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function fixture(name: string): string {
  return new URL(`fixtures/${name}/`, import.meta.url).pathname;
}
