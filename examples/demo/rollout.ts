import { type Cairn, eventually, type Json } from '../client.ts';
import { type Examples, pick } from '../ml/index.ts';
import { fact, say } from './report.ts';
import { infer, invoke } from './traffic.ts';

/** The share that a new version gets first. Its calls would be compared for minutes; the demo does not wait for that. */
export const half = { plan: [50, 100] };

const calls = 40;
const rowsPerCall = 5;

/**
 * The alias has moved: the new version answers half of the calls beside the old one, and takes over when a person
 * says so. `rows` are complete.
 */
export async function rollOut(cairn: Cairn, name: string, to: number, rows: Examples): Promise<void> {
  await eventually('the rollout beginning', 30, async () =>
    Number((await mainOf(cairn, name))['rollout']?.['to']?.['version']) === to ? true : undefined,
  );
  const from = Number((await mainOf(cairn, name))['stable']?.['version']);
  const both = await eventually('calls to both versions', 30, async () => {
    const answered = await answeredBy(cairn, name, rows);
    return answered.has(from) && answered.has(to) ? answered : undefined;
  });
  say(
    `of ${calls} calls ${both.get(to)} were answered by version ${to}, ${both.get(from)} by version ${from}`,
  );
  const some = pick(rows, [0, 1, 2]);
  const [old, renewed] = [await infer(cairn, name, some, from), await infer(cairn, name, some, to)];
  fact(
    old.some((p, at) => p !== renewed[at]),
    'Open Inference Protocol v2 names the version: both answer the same rows, each in its way',
  );
  const path = `/api/v1/endpoints/${name}/deployments/main/rollout/finish`;
  await cairn.as('bob').call('POST', path, { reason: 'the demo waits for no guard' });
  const all = await eventually('the new version taking over', 30, async () => {
    const answered = await answeredBy(cairn, name, rows);
    return answered.size === 1 ? answered : undefined;
  });
  fact(all.get(to) === calls, `bob finished the rollout: version ${to} answers all calls`);
}

/** How many calls each version has answered. */
async function answeredBy(cairn: Cairn, name: string, rows: Examples): Promise<Map<number, number>> {
  const answered = new Map<number, number>();
  for (let call = 0; call < calls; call++) {
    const at = Array.from({ length: rowsPerCall }, (_, i) => (call * rowsPerCall + i) % rows.labels.length);
    const response = await invoke(cairn, name, pick(rows, at));
    const version = Number(response.headers.get('x-cairn-version'));
    answered.set(version, (answered.get(version) ?? 0) + 1);
  }
  return answered;
}

async function mainOf(cairn: Cairn, name: string): Promise<Json> {
  const { deployments } = await cairn.call<{ deployments: Json[] }>('GET', `/api/v1/endpoints/${name}`);
  const [main] = deployments;
  if (!main) throw new Error(`endpoint ${name} has no deployment`);
  return main;
}
