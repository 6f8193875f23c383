import type { LineageNode } from '../api/registry.ts';
import type { IconName } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';

/** What a kind of node is called, and how it is drawn. */
const kinds: Readonly<Record<string, readonly [title: string, icon: IconName]>> = {
  run: ['Run', 'job'],
  'logged-model': ['Logged model', 'model'],
  version: ['Model version', 'model'],
  dataset: ['Dataset', 'group'],
  code: ['Code', 'file'],
  endpoint: ['Endpoint', 'endpoint'],
  'batch-job': ['Batch job', 'batch'],
  file: ['File', 'file'],
  retraining: ['Retraining', 'refresh'],
  'openlineage-job': ['Job', 'job'],
  'openlineage-run': ['Job run', 'job'],
  'openlineage-dataset': ['Dataset', 'group'],
};

export function kindOf({ kind }: LineageNode): { readonly title: string; readonly icon: IconName } {
  const [title, icon] = kinds[kind] ?? [kind.replaceAll('-', ' '), 'file'];
  return { title, icon };
}

/** Where a node leads: the place the server names, its page here, or nowhere. */
export function hrefOf({ id, kind, link }: LineageNode): string | undefined {
  if (link !== undefined && /^(https?:\/\/|#\/)/.test(link)) return link;
  const rest = id.slice(id.indexOf(':') + 1);
  if (kind === 'run') return links.runById(rest);
  if (kind === 'batch-job') return links.batchJob(rest);
  return kind === 'endpoint' ? links.endpoint(rest) : undefined;
}

/** What is told of a node beside its name. */
export function factsText({ facts }: LineageNode): string {
  return Object.entries(facts)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && value !== '')
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${String(value)}`)
    .join('\n');
}
