import { type Cairn, eventually, type Json, list } from '../client.ts';
import { check, verdictOf } from './monitor.ts';
import { fact, say } from './report.ts';

const everySeconds = 60;
/** Longer than the demo, so that a window has all that was sent until its end. */
const windowSeconds = 3600;

/**
 * Has the monitor raise an alert at the first window that is breached, not at the second of three, and retrain by it.
 * Windows end each minute, and are checked by the clock ten minutes later: the demo checks its own before.
 */
export async function watch(cairn: Cairn, name: string, features: readonly string[]): Promise<void> {
  // An airport is a dozen columns of 0 and 1; counted one by one they would outvote all others.
  const oneHot = features.filter((feature) => feature.includes('='));
  await cairn.call('PUT', `/api/v1/monitors/${name}`, {
    window_seconds: windowSeconds,
    every_seconds: everySeconds,
    offset_seconds: 600,
    feature_weights: Object.fromEntries(oneHot.map((feature) => [feature, 0])),
    alerting: { breaches: 1, of: 1 },
    retraining: { executor: 'flights', on: ['performance'], alias: 'champion' },
  });
}

/**
 * Waits for the end of the window that has what was answered until `until`, and has it checked: windows of the grid
 * raise alerts, others do not. Returns the id of the incident.
 */
export async function openedIncident(cairn: Cairn, name: string, until: number): Promise<string> {
  fact((await incidentsOf(cairn, name)).length === 0, 'windows that a caller chose have raised no alert');
  const end = Math.ceil(until / 1000 / everySeconds) * everySeconds * 1000;
  const seconds = Math.ceil((end - Date.now()) / 1000);
  if (seconds > 0) say(`the monitor's own window ends in ${seconds} s …`);
  await eventually('the end of the window', everySeconds + 5, () =>
    Promise.resolve(Date.now() > end ? true : undefined),
  );
  await check(
    cairn,
    name,
    end - windowSeconds * 1000,
    end,
    (result) => verdictOf(result, 'performance') === 'breached',
  );
  const [incident, ...others] = await eventually('the incident', 30, async () => {
    const found = await incidentsOf(cairn, name);
    return found.length > 0 ? found : undefined;
  });
  const signals = list(incident?.['signals']).map(String);
  fact(
    others.length === 0 && signals.includes('feature-drift') && signals.includes('performance'),
    `drift and performance are one incident, ${String(incident?.['severity'])}: ${signals.join(', ')}`,
  );
  return String(incident?.['id']);
}

/** Prints the timeline of the incident, which has all that came of it, and checks that it was told once. */
export async function tellOf(
  cairn: Cairn,
  id: string,
  { job, version }: { readonly job: string; readonly version: number },
): Promise<void> {
  const whole = await eventually('the timeline of the incident', 30, async () => {
    const incident = await cairn.call('GET', `/api/v1/incidents/${id}`);
    return textsOf(incident, 'rollout').length === 2 ? incident : undefined;
  });
  const begun = Number(whole['opened_at']);
  for (const { at, kind, text } of list(whole['timeline'])) {
    const seconds = `+${((Number(at) - begun) / 1000).toFixed(0)} s`;
    say(`${seconds.padStart(5)}  ${String(kind).padEnd(10)}  ${String(text)}`);
  }
  const jobs = list(whole['retraining']).map(String);
  fact(jobs.length === 1 && jobs[0] === job, 'it asked for one retraining');
  const mentioned = (kind: string) =>
    textsOf(whole, kind).some((text) => text.includes(`ersion ${version} `));
  fact(
    ['gate', 'promoted', 'rollout'].every(mentioned),
    `it says how version ${version} passed the gate, became champion and took over`,
  );
  const monitor = String(whole['monitor']);
  const aggregate = encodeURIComponent(`incident/${monitor}/${String(whole['number'])}`);
  const told = await eventually('the audit log telling of the incident', 30, async () => {
    const { entries } = await cairn.call('GET', `/api/v1/audit?aggregate=${aggregate}`);
    const actions = list(entries).map((entry) => String(entry['action']));
    return actions.length > 0 ? actions.join(', ') : undefined;
  });
  fact(
    (await incidentsOf(cairn, monitor)).length === 1 &&
      told === 'incident.opened' &&
      Number(whole['told_at']) > 0,
    'it is the only one, and channels were told of it once',
  );
}

function textsOf(incident: Json, kind: string): string[] {
  return list(incident['timeline'])
    .filter((entry) => String(entry['kind']) === kind)
    .map((entry) => String(entry['text']));
}

async function incidentsOf(cairn: Cairn, monitor: string): Promise<Json[]> {
  return list((await cairn.call('GET', `/api/v1/incidents?monitor=${monitor}`))['incidents']);
}
