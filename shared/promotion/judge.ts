import type { Context } from '../context.ts';
import { type DatasetRef, parseDatasetRef } from '../datasets/index.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import {
  getVersion,
  type ModelRoot,
  type ModelVersion,
  type VersionReady,
  verifyFiles,
} from '../registry/index.ts';
import { getLoggedModel, getRun, loggedValue, type WholeRun } from '../tracking/index.ts';
import { type DataSet, evaluationDrift } from './gates/drift.ts';
import { freeze } from './gates/freeze.ts';
import { type Contender, noRegression } from './gates/no-regression.ts';
import { approvals, inspection, metric, requiredTags, signature, type StoredMetric } from './gates/plain.ts';
import { schema } from './gates/schema.ts';
import {
  gateKey,
  type GateOf,
  type GateResult,
  type GateSpec,
  type Judgement,
  type Promotion,
  type Verdict,
} from './model.ts';
import { policyOver } from './policies.ts';
import { answersOf, labelColumnOf, labelledRows, readSet } from './score.ts';
import { holderOf } from './target.ts';

/**
 * Judges the version of a promotion by every gate of the policy that guards its target, from what is
 * stored now and nothing that anybody sends. What cannot be judged (a set that is gone, a model that gives
 * no probabilities) is a verdict of its own; a store that does not answer is thrown, to be tried again.
 */
export async function judge(ctx: Context, root: ModelRoot, promotion: Promotion): Promise<Judgement> {
  const policy = await policyOver(ctx, root, promotion.target);
  const version = await getVersion(ctx, root.modelId, promotion.version);
  const champion = holderOf(root, promotion);
  const facts: Facts = {
    ctx,
    promotion,
    version,
    champion: champion === undefined ? undefined : await getVersion(ctx, root.modelId, champion),
    contest: oncePer((named) => contestOf(facts, named)),
    evaluation: oncePer((named) => readSet(ctx, named)),
  };
  const gates: GateResult[] = [];
  for (const spec of policy?.gates ?? []) {
    const verdict = await verdictOf(facts, spec).catch(unjudgeable);
    gates.push({ gate: spec.gate, key: gateKey(spec), ...verdict, at: ctx.clock.now() });
  }
  return {
    at: ctx.clock.now(),
    policyVersion: policy?.version ?? null,
    champion: champion ?? null,
    versionSeq: version.seq,
    gates,
  };
}

/** The verdicts as they are now: who has approved, and the time, do not wait for a new judgement. */
export function livingVerdict(spec: GateSpec, promotion: Promotion, now: number): Verdict | undefined {
  switch (spec.gate) {
    case 'approvals':
      return approvals(spec, promotion);
    case 'freeze':
      return freeze(spec, now);
    default:
      return undefined;
  }
}

/** What the gates are judged by; what takes long is read when the first gate asks for it. */
type Facts = {
  readonly ctx: Context;
  readonly promotion: Promotion;
  readonly version: ModelVersion;
  readonly champion: ModelVersion | undefined;
  readonly evaluation: (named: DatasetRef) => Promise<DataSet>;
  readonly contest: (named: DatasetRef) => Promise<Parameters<typeof noRegression>[1]>;
};

async function verdictOf(facts: Facts, spec: GateSpec): Promise<Verdict> {
  const { ctx, promotion, version, champion } = facts;
  switch (spec.gate) {
    case 'required-tags':
      return requiredTags(spec, version.tags);
    case 'metric':
      return metric(spec, await storedMetric(ctx, version, spec.key));
    case 'no-regression':
      return regressionVerdict(facts, spec);
    case 'schema':
      return schema(version, champion);
    case 'inspection':
      return inspection(version.inspection);
    case 'signature':
      return signingVerdict(ctx, version);
    case 'evaluation-drift':
      return driftVerdict(facts, spec);
    case 'approvals':
      return approvals(spec, promotion);
    case 'freeze':
      return freeze(spec, ctx.clock.now());
  }
}

/** A version is signed a moment after it was read: until then the gate waits, where there is a key to sign with. */
async function signingVerdict(ctx: Context, version: ModelVersion): Promise<Verdict> {
  if (version.signing || !ctx.stores.keys) return signature(await verifyFiles(ctx, version));
  const says = 'The version is not signed yet: that follows on its reading, or on POST …/sign.';
  return { status: 'waiting', says, inputs: { key_id: null, files: 0 } };
}

/** The last value that was logged under a key, with the logged model itself or else with its run. */
async function storedMetric(
  ctx: Context,
  { loggedModelId, runId }: ModelVersion,
  key: string,
): Promise<StoredMetric> {
  const sources = [
    ...(loggedModelId
      ? [{ source: `logged-model:${loggedModelId}`, read: () => getLoggedModel(ctx, loggedModelId) }]
      : []),
    ...(runId ? [{ source: `run:${runId}`, read: () => getRun(ctx, runId) }] : []),
  ];
  for (const { source, read } of sources) {
    // Purged, deleted, or of another server: then nothing is known of it.
    const found = await unlessCode<Pick<WholeRun, 'm' | 'mn'>>(read(), 'not-found', 'invalid');
    if (found && Object.hasOwn(found.m, key))
      return { source, value: loggedValue(found.m[key] ?? Number.NaN, Object.hasOwn(found.mn, key)) };
  }
  return { source: sources.at(-1)?.source ?? null };
}

async function regressionVerdict(facts: Facts, spec: GateOf<'no-regression'>): Promise<Verdict> {
  const { version, champion } = facts;
  if (!champion)
    return {
      status: 'passed',
      says: 'There is no champion yet that it could fall behind.',
      inputs: { metric: spec.metric, champion: null },
    };
  const waits = waitingFor([version, champion]);
  if (waits) return waits;
  return noRegression(spec, await facts.contest(spec.evaluation ?? setNamed(version, 'cairn.evaluation')));
}

async function driftVerdict(facts: Facts, spec: GateOf<'evaluation-drift'>): Promise<Verdict> {
  const { ctx, version } = facts;
  const waits = waitingFor([version]);
  if (waits) return waits;
  const ready = readyOf(version);
  const reference = await readSet(ctx, setNamed(version, 'cairn.reference'));
  const named = setNamed(version, 'cairn.evaluation');
  const evaluation = await facts.evaluation(named);
  const label = named.labelColumn;
  const features =
    ready.features ??
    evaluation.table.columns.filter((name) => name !== label && reference.table.columns.includes(name));
  return evaluationDrift(spec, evaluation, reference, features);
}

function waitingFor(versions: readonly ModelVersion[]): Verdict | undefined {
  const pending = versions.find((one) => one.inspection.state === 'pending');
  return (
    pending && {
      status: 'waiting',
      says: `Version ${pending.version} is still being read.`,
      inputs: { version: pending.version },
    }
  );
}

async function contestOf(facts: Facts, named: DatasetRef): ReturnType<Facts['contest']> {
  const { ctx, version, champion } = facts;
  if (!champion) throw new Error('A contest without a champion.');
  const [ready, championReady] = [readyOf(version), readyOf(champion)];
  const { uri, digest, table } = await facts.evaluation(named);
  const labelColumn = labelColumnOf(named, table, ready);
  const labels = table.column(labelColumn);
  const rows = labelledRows(labels);
  const contender = async (of: VersionReady): Promise<Contender> => ({
    version: of.version,
    digest: of.digest,
    answers: await answersOf(ctx, of, table, rows, labelColumn),
  });
  return {
    uri,
    digest,
    rows: table.rows,
    truth: rows.map((row) => labels[row] ?? null),
    challenger: await contender(ready),
    champion: await contender(championReady),
  };
}

/** The set that a version names by a tag: a JSON reference, or the URI of an artifact. */
function setNamed({ version, tags }: ModelVersion, tag: 'cairn.evaluation' | 'cairn.reference'): DatasetRef {
  const text = tags[tag];
  if (!text)
    throw new CairnError(
      'invalid',
      `Version ${version} names no such set: set its tag '${tag}' to the URI of a CSV or Parquet artifact, or to {"kind": "artifact", "uri": …, "labelColumn": …}.`,
    );
  const ref = parseDatasetRef(text);
  if (ref) return ref;
  throw new CairnError('invalid', `The tag '${tag}' of version ${version} is no reference to a set of rows.`);
}

function readyOf({ version, inspection: found }: ModelVersion): VersionReady {
  if (found.state === 'ready') return found.ready;
  throw new CairnError(
    'conflict',
    `Version ${version} cannot be run${found.state === 'refused' ? `: ${found.reason}` : ' yet.'}`,
  );
}

/** The verdict of a gate that met an obstacle nobody removes by trying again. */
function unjudgeable(error: unknown): Verdict {
  const again = ['unavailable', 'timeout', 'too-many'] as const;
  if (!(error instanceof CairnError) || again.some((code) => error.code === code)) throw error;
  return { status: 'error', says: error.message, inputs: {} };
}

/** Makes what belongs to a set of rows once, whichever gates ask for it. */
function oncePer<T>(make: (named: DatasetRef) => Promise<T>): (named: DatasetRef) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (named) => {
    const key = JSON.stringify(named);
    const known = made.get(key) ?? make(named);
    made.set(key, known);
    return known;
  };
}
