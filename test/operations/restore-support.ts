import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cairn, eventually, type Json, list } from '../../examples/client.ts';
import type { Stack } from '../../local/stack.ts';

/** Copies parts of a data folder, each from where it is told: a backup, or what a restore puts together. */
export async function copied(
  to: string,
  parts: Readonly<Partial<Record<'cosmos' | 'azurite' | 'keys', string>>>,
): Promise<string> {
  await mkdir(to, { recursive: true });
  for (const [part, from] of Object.entries(parts))
    await cp(join(from, part), join(to, part), { recursive: true });
  return to;
}

export type Ran = { readonly code: number; readonly output: string };

/** Runs a tool of `scripts/`. */
export function ran(script: string, ...args: string[]): Promise<Ran> {
  const file = fileURLToPath(new URL(`../../scripts/${script}.ts`, import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { maxBuffer: 1e8 }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
}

/** Has the work queue's function do something now for which the agenda waits. */
export async function doNow({ url, adminKey }: Stack, kind: string): Promise<void> {
  const response = await fetch(`${url}/admin/functions/work`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-functions-key': adminKey },
    body: JSON.stringify({ input: JSON.stringify({ kind, workspace: '*' }) }),
  });
  if (response.status !== 202) throw new Error(`The work was not taken: ${response.status}`);
}

/** Has all that is entered exported and signed, and waits for it. */
export async function exported(stack: Stack): Promise<void> {
  const cairn = new Cairn(stack.url);
  let told = false;
  await eventually('the export of the audit log', 30, async () => {
    const state = await cairn.call('GET', '/api/v1/audit/state');
    if (Number(state['unsigned_entries']) === 0) return true;
    if (!told) await doNow(stack, 'audit-export');
    told = !told;
    return undefined;
  });
}

/** A run of an experiment, and where its artifacts are. */
export async function newRun(cairn: Cairn, experimentId: string, name: string) {
  const made = await cairn.mlflow('POST', 'runs/create', { experiment_id: experimentId, run_name: name });
  const info = made['run']?.['info'];
  return { id: String(info?.['run_id']), artifactUri: String(info?.['artifact_uri']) };
}

/** The job of a file that was dropped, once it has come to a status; what looks after jobs is called more often than the timer does. */
export async function jobOf(stack: Stack, input: string, status: string): Promise<Json> {
  const cairn = new Cairn(stack.url);
  let looks = 0;
  return eventually(`the job of ${input} being ${status}`, 120, async () => {
    if (looks++ % 12 === 11) await doNow(stack, 'batch-look');
    const jobs = list((await cairn.call('GET', '/api/v1/batch-jobs?endpoint=iris'))['jobs']);
    const found = jobs.find((job) => JSON.stringify(job).includes(input));
    if (String(found?.['status']) === 'failed') throw new Error(`It failed: ${JSON.stringify(found)}`);
    const isPast = status === 'running' && /committing|succeeded/.test(String(found?.['status']));
    return String(found?.['status']) === status || isPast ? found : undefined;
  });
}
