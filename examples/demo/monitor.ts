import { type Cairn, eventually, type Json, list } from '../client.ts';

/** Runs the monitor on a window until the log has all that the caller waits for. */
export function check(
  cairn: Cairn,
  name: string,
  from: number,
  to: number,
  complete: (result: Json) => boolean,
): Promise<Json> {
  return eventually('the monitor seeing every prediction', 45, async () => {
    const result = await cairn.call('POST', `/api/v1/monitors/${name}/check`, { from, to });
    return complete(result) ? result : undefined;
  });
}

/** The three features that moved most. */
export function worst(result: Json): Json[] {
  return list(signalOf(result, 'feature-drift')['items'])
    .filter((item) => String(item['metric']) === 'psi' && String(item['verdict']) === 'breached')
    .slice(0, 3);
}

export function rowsOf(result: Json): number {
  return Number(result['rows']?.['current']);
}

export function signalOf(result: Json, signal: string): Json {
  const found = list(result['signals']).find((each) => String(each['signal']) === signal);
  if (!found) throw new Error(`The result says nothing of ${signal}.`);
  return found;
}

export function verdictOf(result: Json, signal: string): string {
  return String(signalOf(result, signal)['verdict']);
}
