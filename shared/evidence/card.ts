import type { Context } from '../context.ts';
import { lineageOf } from '../lineage/index.ts';
import {
  type AliasMove,
  aliasesOf,
  checkSignature,
  modelByName,
  type ModelRoot,
  type ModelVersion,
  movesOfVersion,
  stageOf,
  versionOf,
} from '../registry/index.ts';
import { type DataFacts, dataOf } from './data.ts';
import { limitsOf } from './limits.ts';
import { type PromotionFacts, promotionsOf } from './promotions.ts';
import { type RollbackFacts, rollbacksOf } from './rollbacks.ts';
import { isWithheld, type RunFacts, runOf } from './run.ts';

/**
 * What is known of a version, as a document of its own: names in snake_case, times in milliseconds since
 * 1970. It says nothing of when it was asked for, so that the same state is always the same card to all who may see
 * the same; to others it says that the run is withheld.
 */
export type Card = {
  readonly model: {
    readonly name: string;
    readonly model_id: string;
    readonly description: string;
    readonly tags: Readonly<Record<string, string>>;
  };
  readonly version: {
    readonly version: number;
    readonly description: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly source: string;
    readonly user_id: string;
    readonly created_at: number;
    readonly stage: string;
    readonly aliases: readonly string[];
  };
  readonly artifact: {
    readonly flavours: readonly string[];
    readonly mlflow_version: string | null;
    readonly files: number;
    readonly bytes: number;
    readonly manifest_digest: string;
    readonly inputs: readonly unknown[] | null;
    readonly outputs: readonly unknown[] | null;
  } | null;
  readonly inspection: InspectionFacts;
  readonly signature: {
    readonly valid: boolean;
    readonly reason: string | null;
    readonly key_id: string | null;
    readonly signed_at: number | null;
  };
  readonly run: RunFacts | null;
  readonly data: readonly DataFacts[];
  readonly promotions: readonly PromotionFacts[];
  /** Aliases that it held and lost by a rollback, oldest first. */
  readonly rollbacks: readonly RollbackFacts[];
  readonly lineage: LineageFacts;
  /** What a reader should not take for granted, a sentence each. */
  readonly limits: readonly string[];
};

export type InspectionFacts =
  | { readonly state: 'pending' }
  | { readonly state: 'refused'; readonly reason: string; readonly at: number }
  | {
      readonly state: 'ready';
      readonly at: number;
      readonly digest: string;
      readonly bytes: number;
      /** How its files differ by now from those that were registered, where they do. */
      readonly note: string | null;
      readonly labels: readonly string[] | null;
      readonly features: readonly string[] | null;
      readonly inputs: readonly TensorFacts[];
      readonly outputs: readonly TensorFacts[];
      readonly served_digest: string;
      readonly served_changes: readonly string[];
      readonly timings: {
        readonly load_milliseconds: number;
        readonly run_milliseconds_p50: number;
        readonly run_milliseconds_max: number;
        readonly memory_bytes: number;
      };
    };

type TensorFacts = {
  readonly name: string;
  readonly element_type: string;
  readonly shape: readonly (number | string | null)[];
};

export type LineageFacts = {
  /** What led to the version, and what it led to: how many of each kind, within {@link lineageDepth} edges. */
  readonly up: Readonly<Record<string, number>>;
  readonly down: Readonly<Record<string, number>>;
  /** Whether there is more than was counted. */
  readonly truncated: boolean;
};

/** How far a card and its evidence look back and ahead. */
export const lineageDepth = 5;

/** The card of a version. Throws `not-found`. */
export async function cardOf(ctx: Context, name: string, number: number): Promise<Card> {
  const root = await modelByName(ctx, name);
  const version = await versionOf(ctx, root, number);
  return cardOver(ctx, { root, version, moves: await movesOfVersion(ctx, version) });
}

/** The same of what has been read already. */
export async function cardOver(
  ctx: Context,
  {
    root,
    version,
    moves,
  }: { readonly root: ModelRoot; readonly version: ModelVersion; readonly moves: readonly AliasMove[] },
): Promise<Card> {
  const [run, verdict, promotions, lineage] = await Promise.all([
    runOf(ctx, version),
    checkSignature(ctx, version),
    promotionsOf(ctx, root.name, version.version),
    lineageFacts(ctx, version),
  ]);
  const card: Omit<Card, 'limits'> = {
    model: {
      name: root.name,
      model_id: root.modelId,
      description: root.description,
      tags: root.tags,
    },
    version: {
      version: version.version,
      description: version.description,
      tags: version.tags,
      source: version.source,
      user_id: version.userId,
      created_at: version.createdAt,
      stage: stageOf(root, version.version),
      aliases: aliasesOf(root, version.version),
    },
    artifact: artifactFacts(version),
    inspection: inspectionFacts(version),
    signature: {
      valid: verdict.valid,
      reason: verdict.valid ? null : verdict.reason,
      key_id: verdict.keyId,
      signed_at: version.signing?.at ?? null,
    },
    run: run?.facts ?? null,
    data: dataOf(version, run?.datasets ?? [], promotions),
    promotions,
    rollbacks: rollbacksOf(version, moves),
    lineage,
  };
  return { ...card, limits: limitsOf(card, isWithheld(ctx, version)) };
}

function artifactFacts({ artifact }: ModelVersion): Card['artifact'] {
  if (!artifact) return null;
  const { flavours, mlflowVersion, manifest, schema } = artifact;
  return {
    flavours,
    mlflow_version: mlflowVersion ?? null,
    files: manifest.files,
    bytes: manifest.bytes,
    manifest_digest: manifest.digest,
    inputs: schema?.inputs ?? null,
    outputs: schema?.outputs ?? null,
  };
}

function inspectionFacts({ inspection }: ModelVersion): InspectionFacts {
  switch (inspection.state) {
    case 'pending':
      return { state: 'pending' };
    case 'refused':
      return { state: 'refused', reason: inspection.reason, at: inspection.at };
    case 'ready': {
      const { digest, bytes, signature, labels, features, served, timings } = inspection.ready;
      const tensors = (specs: typeof signature.inputs) =>
        specs.map(({ name, elementType, shape }) => ({ name, element_type: elementType, shape }));
      return {
        state: 'ready',
        at: inspection.at,
        note: inspection.note ?? null,
        digest,
        bytes,
        labels,
        features,
        inputs: tensors(signature.inputs),
        outputs: tensors(signature.outputs),
        served_digest: served.digest,
        served_changes: served.changes,
        timings: {
          load_milliseconds: timings.loadMilliseconds,
          run_milliseconds_p50: timings.runMillisecondsP50,
          run_milliseconds_max: timings.runMillisecondsMax,
          memory_bytes: timings.memoryBytes,
        },
      };
    }
  }
}

async function lineageFacts(ctx: Context, { modelId, version }: ModelVersion): Promise<LineageFacts> {
  const node = `version:${modelId}/${version}`;
  const [up, down] = await Promise.all(
    (['up', 'down'] as const).map((direction) => lineageOf(ctx, { node, direction, depth: lineageDepth })),
  );
  return {
    up: countedByKind(up?.nodes.slice(1) ?? []),
    down: countedByKind(down?.nodes.slice(1) ?? []),
    truncated: (up?.truncated ?? false) || (down?.truncated ?? false),
  };
}

function countedByKind(nodes: readonly { readonly kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of nodes.toSorted((a, b) => (a.kind < b.kind ? -1 : 1)))
    counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
