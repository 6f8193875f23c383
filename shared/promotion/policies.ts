import type { Context } from '../context.ts';
import { requireReadable } from '../datasets/index.ts';
import { CairnError, type Page, pageOf, positionIn } from '../http/index.ts';
import {
  changeModel,
  checkAlias,
  isGuarded,
  modelByName,
  type ModelRoot,
  type Target,
} from '../registry/index.ts';
import { gateKey, type GateSpec, type Policy } from './model.ts';
import { documents, keyOf } from './store.ts';

/** What an author says of a policy. */
export type PolicyTerms = Pick<Policy, 'aliases' | 'stages' | 'gates'>;

/** The policy in force. Throws `not-found` where the model has none. */
export async function getPolicy(ctx: Context, name: string): Promise<Policy> {
  const root = await modelByName(ctx, name);
  const policy = root.policy && (await readPolicy(ctx, root, root.policy.version));
  if (policy) return policy;
  throw new CairnError('not-found', `Model '${name}' has no promotion policy.`, { field: 'name' });
}

/** The policy that guards a target; `undefined` where none does. */
export async function policyOver(ctx: Context, root: ModelRoot, target: Target): Promise<Policy | undefined> {
  if (!root.policy || !isGuarded(root, target)) return undefined;
  const policy = await readPolicy(ctx, root, root.policy.version);
  if (policy) return policy;
  throw new Error(
    `Policy ${root.policy.version} of model ${root.modelId} is in force and nowhere to be read.`,
  );
}

async function readPolicy(ctx: Context, root: ModelRoot, version: number): Promise<Policy | undefined> {
  return (await documents(ctx).read<Policy>(keyOf(ctx, root.modelId), policyId(version)))?.doc;
}

/**
 * Puts a policy in force. `expected` is the version that must be in force now, 0 for none: where somebody
 * changed it meanwhile nothing happens (`conflict`). Terms that are in force already make no new version. Throws
 * `forbidden` where a gate names rows that the caller may not read.
 */
export async function putPolicy(
  ctx: Context,
  name: string,
  terms: PolicyTerms,
  expected?: number,
): Promise<Policy> {
  check(terms);
  for (const gate of terms.gates)
    if (gate.gate === 'no-regression' && gate.evaluation) requireReadable(ctx, gate.evaluation);
  return change(ctx, name, expected, (last) => {
    if (last && !last.ended && sameTerms(last, terms)) return undefined;
    return { ...terms };
  });
}

/** Ends the policy: nothing is guarded from then on. Throws `not-found` where the model has none. */
export async function endPolicy(ctx: Context, name: string, expected?: number): Promise<void> {
  await change(ctx, name, expected, (last) => {
    if (!last || last.ended)
      throw new CairnError('not-found', `Model '${name}' has no promotion policy.`, { field: 'name' });
    return { aliases: [], stages: [], gates: [], ended: true };
  });
}

/** All versions of the policy, newest first, a page at a time. */
export async function listPolicies(
  ctx: Context,
  asked: {
    readonly name: string;
    readonly limit: number;
    readonly pageToken?: string | undefined;
    /** Eventual unless told otherwise. */
    readonly consistency?: 'strong' | 'eventual';
  },
): Promise<Page<Policy>> {
  const root = await modelByName(ctx, asked.name);
  const before = positionIn(asked.pageToken, { version: 0 })?.version;
  const rows = await newestPolicies(ctx, root, asked.limit + 1, before, asked.consistency);
  return pageOf(rows, asked.limit, ({ version }) => ({ version }));
}

/** One new version of the policy and what the root says of it, in one compare-and-swap. */
async function change(
  ctx: Context,
  name: string,
  expected: number | undefined,
  decide: (last: Policy | undefined) => (PolicyTerms & { readonly ended?: true }) | undefined,
): Promise<Policy> {
  let policy: Policy | undefined;
  await changeModel(ctx, name, async (root) => {
    const inForce = root.policy?.version ?? 0;
    if (expected !== undefined && expected !== inForce) throw changed(name, inForce, expected);
    // Numbers go on after an end, of which the root says nothing.
    const [last] = await newestPolicies(ctx, root, 1, undefined, 'strong');
    const next = decide(last);
    policy = next ? documentOf(ctx, root, (last?.version ?? 0) + 1, next) : last;
    if (!next || !policy) return undefined;
    const { policy: _, ...others } = root;
    const { version, aliases, stages, gates } = policy;
    const signedOnly = gates.some(({ gate }) => gate === 'signature');
    return {
      type: 'policy.changed',
      subject: { policy: String(version) },
      root: policy.ended
        ? others
        : { ...others, policy: { version, aliases, stages, ...(signedOnly ? { signedOnly } : {}) } },
      alongside: [{ op: 'create', doc: policy }],
    };
  });
  if (policy) return policy;
  throw new Error('A change of a policy that decided nothing.');
}

function newestPolicies(
  ctx: Context,
  root: ModelRoot,
  limit: number,
  before?: number,
  consistency: 'strong' | 'eventual' = 'eventual',
): Promise<Policy[]> {
  return documents(ctx).query<Policy>(
    {
      text: "SELECT * FROM c WHERE c.type = 'policy' AND c.id < @before ORDER BY c.id DESC",
      values: { before: before === undefined ? 'policy:~' : policyId(before) },
    },
    { key: keyOf(ctx, root.modelId), limit, consistency },
  );
}

function documentOf(
  ctx: Context,
  { workspace, modelId }: ModelRoot,
  version: number,
  terms: PolicyTerms & { readonly ended?: true },
): Policy {
  return {
    id: policyId(version),
    type: 'policy',
    v: 1,
    workspace,
    modelId,
    version,
    ...terms,
    author: ctx.principal.id,
    at: ctx.clock.now(),
  };
}

/** What no shape of the fields can say. */
function check({ aliases, stages, gates }: PolicyTerms): void {
  if (aliases.length + stages.length === 0)
    throw invalid('aliases', 'A policy must guard at least one alias or stage.');
  for (const alias of aliases) checkAlias(alias);
  for (const [field, names] of Object.entries<readonly string[]>({ aliases, stages }))
    names.forEach((name, at) => {
      if (names.indexOf(name) !== at) throw invalid(`${field}[${at}]`, `'${name}' stands there twice.`);
    });
  const keys = gates.map(gateKey);
  keys.forEach((key, at) => {
    if (keys.indexOf(key) !== at)
      throw invalid(`gates[${at}]`, `Gate '${key}' stands in the policy twice; join the two.`);
  });
}

function sameTerms(policy: Policy, { aliases, stages, gates }: PolicyTerms): boolean {
  const text = (terms: PolicyTerms) => JSON.stringify([terms.aliases, terms.stages, terms.gates.map(sorted)]);
  return text(policy) === text({ aliases, stages, gates });
}

const sorted = (gate: GateSpec) => Object.entries(gate).toSorted(([a], [b]) => (a < b ? -1 : 1));

function changed(name: string, inForce: number, expected: number): CairnError {
  const now = inForce === 0 ? 'there is none in force' : `version ${inForce} is in force`;
  return new CairnError(
    'conflict',
    `The policy of '${name}' is not at version ${expected}: ${now}. Read it again and decide anew.`,
    { field: 'expected_version' },
  );
}

function invalid(field: string, message: string): CairnError {
  return new CairnError('invalid', message, { field });
}

function policyId(version: number): string {
  return `policy:${String(version).padStart(8, '0')}`;
}
