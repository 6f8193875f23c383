import type { DataPolicy } from '../privacy/index.ts';
import { excerpt } from '../redaction/index.ts';
import type { Deployment } from './deployment.ts';
import type { Endpoint, Shares } from './endpoint.ts';

const textCharsMax = 1000;

type Texts = Readonly<Record<string, string>>;

/**
 * What a change made other, field by field and in words: the audit log tells it, without what looks like a secret and
 * no longer than can be read.
 */
export function toldOfChange(before: Endpoint, after: Endpoint): Texts {
  return excerpts({
    deployments: changedDeployments(before.deployments, after.deployments),
    traffic: changedShares(before.traffic, after.traffic),
    mirror: changedShares(before.mirror, after.mirror),
    sticky: moved(stickyText(before), stickyText(after)),
    limits: changedFields(before.limits, after.limits),
    logging: changedFields(before.logging, after.logging),
    nonFinite: moved(
      before.nonFinite ?? 'as the protocol has it',
      after.nonFinite ?? 'as the protocol has it',
    ),
    rollout: changedFields(rolloutFields(before), rolloutFields(after)),
    labels: changedFields(before.labels ?? {}, after.labels ?? {}),
    ...toldOfPolicy(after.dataPolicy, before.dataPolicy),
  });
}

/** What a data policy says where it says other than the one before. */
export function toldOfPolicy(policy: DataPolicy | undefined, before: DataPolicy | undefined): Texts {
  const now: Texts = policy ? textsOfPolicy(policy) : {};
  const old: Texts = before ? textsOfPolicy(before) : {};
  const changed = Object.entries(now).filter(([field, text]) => text !== (old[field] ?? ''));
  return Object.fromEntries(changed.map(([field, text]) => [field, excerpt(text, textCharsMax)]));
}

function textsOfPolicy({ purpose, retentionDays, pii, subjectKey = '' }: DataPolicy): Texts {
  const columns = (how: 'mask' | 'hash') =>
    Object.keys(pii)
      .filter((name) => pii[name] === how)
      .toSorted()
      .join(', ');
  return {
    purpose,
    retentionDays: String(retentionDays),
    masked: columns('mask'),
    hashed: columns('hash'),
    subjectKey,
  };
}

function changedDeployments(before: readonly Deployment[], after: readonly Deployment[]): string {
  const old = new Map(before.map((each) => [each.name, each]));
  const names = new Set(after.map(({ name }) => name));
  return [
    ...after.flatMap((each) => {
      const known = old.get(each.name);
      if (!known) return [`added ${each.name} (${deploymentText(each)})`];
      const change = moved(deploymentText(known), deploymentText(each)) || secretText(known, each);
      return change === '' ? [] : [`changed ${each.name} (${change})`];
    }),
    ...before.filter(({ name }) => !names.has(name)).map(({ name }) => `removed ${name}`),
  ].join(', ');
}

/** What a deployment is. A URL may hold a secret behind its host. */
function deploymentText(deployment: Deployment): string {
  if (deployment.kind === 'external') return `at ${new URL(deployment.url).host}`;
  const { model, follows, settings } = deployment;
  const version = 'alias' in follows ? `@${follows.alias}` : ` version ${follows.version}`;
  return `${model}${version}, ${settings.execution}, ${settings.microBatchRows} rows at once`;
}

function secretText(before: Deployment, after: Deployment): string {
  if (before.kind !== 'external' || after.kind !== 'external') return '';
  if (before.url !== after.url) return 'another path';
  if (before.secret === after.secret) return '';
  return after.secret === undefined ? 'without a secret' : 'another secret';
}

function changedShares(before: Shares, after: Shares): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => (before[name] ?? 0) !== (after[name] ?? 0))
    .map((name) => `${name} ${moved(`${before[name] ?? 0} %`, `${after[name] ?? 0} %`)}`)
    .join(', ');
}

function changedFields(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .flatMap((name) => {
      const change = moved(valueText(before[name]), valueText(after[name]));
      return change === '' ? [] : [`${name} ${change}`];
    })
    .join(', ');
}

function rolloutFields({ rollout: { plan, holdSeconds, guards } }: Endpoint): Record<string, unknown> {
  return { plan: plan.join('-'), holdSeconds, ...guards };
}

function stickyText({ sticky }: Endpoint): string {
  return sticky ? `by ${sticky.by} ${sticky.name}` : 'no';
}

function valueText(value: unknown): string {
  return value === undefined ? 'none' : String(value);
}

function moved(from: string, to: string): string {
  return from === to ? '' : `${from} → ${to}`;
}

function excerpts(texts: Texts): Texts {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([field, text]) =>
      text === '' && !policyFields.has(field) ? [] : [[field, excerpt(text, textCharsMax)]],
    ),
  );
}

/** Of these an empty text says that something went: the columns that were masked, the subject key. */
const policyFields = new Set(['masked', 'hashed', 'subjectKey']);
