import { type Cairn, eventually, type Json, list } from '../client.ts';
import { fact } from './report.ts';

/** What any version must pass that is to hold `champion`. */
const gates = [
  { gate: 'inspection' },
  { gate: 'signature' },
  { gate: 'schema' },
  { gate: 'no-regression', metric: 'log_loss', margin: 0, rows_min: 500, confidence: 0.95 },
];
const approval = { gate: 'approvals', count: 1 };

/** Guards the alias: gates, and one person's approval. */
export async function guard(cairn: Cairn, model: string): Promise<void> {
  await putPolicy(cairn, model, [...gates, approval]);
}

/** What passes the gates may from now on be promoted without anybody's approval: a retraining at night, say. */
export async function trustGates(cairn: Cairn, model: string): Promise<void> {
  await putPolicy(cairn, model, gates);
}

/** Has ada ask for a version to be champion and bob approve it. Returns what its gates said. */
export async function promote(cairn: Cairn, model: string, version: number): Promise<string[]> {
  const path = await ask(cairn, model, version);
  const judged = await settled(cairn, path, 'waiting');
  const own = await cairn
    .as('ada')
    .send(`${path}/approve`, { method: 'POST' })
    .catch((error: unknown) => String(error));
  if (typeof own !== 'string') throw new Error('who asked for a promotion could approve it');
  await cairn.as('bob').call('POST', `${path}/approve`, { comment: 'looks right' });
  await settled(cairn, path, 'promoted');
  return list(judged['gates']).map((gate) => `${String(gate['gate'])}: ${String(gate['says'])}`);
}

/** Asks for a version that the gates refuse. Returns what failed. */
export async function refused(cairn: Cairn, model: string, version: number): Promise<Json[]> {
  const promotion = await settled(cairn, await ask(cairn, model, version), 'refused');
  return list(promotion['gates']).filter((gate) => String(gate['status']) === 'failed');
}

/** Takes the last move of the alias back. */
export function rollBack(cairn: Cairn, model: string): Promise<Json> {
  return cairn
    .as('bob')
    .call('POST', `/api/v1/models/${model}/aliases/champion/rollback`, { reason: 'a drill' });
}

export async function champion(cairn: Cairn, model: string): Promise<number> {
  const held = await cairn.mlflow('GET', `registered-models/alias?name=${model}&alias=champion`);
  return Number(held['model_version']?.['version']);
}

/** What an auditor takes home, and the graph behind it. */
export async function accountFor(cairn: Cairn, model: string, version: number): Promise<void> {
  const path = `/api/v1/models/${model}/versions/${version}`;
  const verified = await cairn.call('POST', `${path}/verify`);
  fact(
    String(verified['valid']) === 'true',
    `version ${version} is signed, and what is stored of it is what was signed`,
  );
  const zip = Buffer.from(await (await cairn.send(`${path}/evidence`)).arrayBuffer());
  fact(
    ['card.md', 'promotions.json', 'SHA256SUMS'].every((name) => zip.includes(name)),
    `its evidence is one zip of ${Math.round(zip.byteLength / 1024)} kB: card, gates, approvals, digests`,
  );
  const wanted = ['run', 'dataset', 'endpoint', 'batch-job', 'file'];
  await eventually('the lineage of the version', 30, async () => {
    const graph = await cairn.call('GET', `/api/v1/lineage?node=version:${model}/${version}`);
    const kinds = new Set(list(graph['nodes']).map((node) => String(node['kind'])));
    return wanted.every((kind) => kinds.has(kind)) ? kinds : undefined;
  });
  fact(true, `lineage leads from it to its ${wanted.join(', ')}`);
}

async function putPolicy(cairn: Cairn, model: string, all: readonly object[]): Promise<void> {
  await cairn.as('root').call('PUT', `/api/v1/models/${model}/policy`, { aliases: ['champion'], gates: all });
}

/** Has ada ask for a version to be champion. Returns where the promotion is. */
async function ask(cairn: Cairn, model: string, version: number): Promise<string> {
  const path = `/api/v1/models/${model}/promotions`;
  const asked = await cairn.as('ada').call('POST', path, { version, alias: 'champion' });
  return `${path}/${String(asked['number'])}`;
}

function settled(cairn: Cairn, path: string, status: string): Promise<Json> {
  return eventually(`the promotion being ${status}`, 60, async () => {
    const promotion = await cairn.call('GET', path);
    const now = String(promotion['status']);
    if (now === status) return promotion;
    if (now === 'evaluating' || now === 'waiting') return undefined;
    throw new Error(`the promotion is ${now}, not ${status}: ${JSON.stringify(promotion)}`);
  });
}
