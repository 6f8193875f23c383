/**
 * Lets calls on the same thing that meet in this process share its writer: the first call of a key begins
 * one, those that come meanwhile wait for it, and it writes until none waits. A writer takes calls from the
 * front of the list, as many as it writes together, and answers each of them; it must not throw.
 * @example
 * const join = jointWriters<Call>();
 * join(ctx.stores, runId, call, () => (waiting) => write(waiting.splice(0)));
 */
export function jointWriters<Call>() {
  const byStores = new WeakMap<object, Map<string, Call[]>>();
  return (stores: object, key: string, call: Call, begin: () => (waiting: Call[]) => Promise<void>): void => {
    let waitingOf = byStores.get(stores);
    if (!waitingOf) byStores.set(stores, (waitingOf = new Map()));
    const waiting = waitingOf.get(key);
    if (waiting) waiting.push(call);
    else {
      const calls = [call];
      waitingOf.set(key, calls);
      // Nothing may come between finding that no call waits and saying that nobody serves them.
      void serve(calls, begin(), () => waitingOf.delete(key));
    }
  };
}

async function serve<Call>(
  waiting: Call[],
  write: (waiting: Call[]) => Promise<void>,
  end: () => void,
): Promise<void> {
  try {
    while (waiting.length > 0) await write(waiting);
  } finally {
    end();
  }
}
