import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { changeModel, type ModelChange } from './change.ts';
import { refuseGuarded } from './guard.ts';
import type { ModelRoot, Stage } from './model.ts';
import { fitting } from './room.ts';
import { hasVersion, readVersion, unknownVersion } from './versions/versions.ts';

/** MLflow's stages, as it spells and orders them. */
export const stageNames = ['None', 'Staging', 'Production', 'Archived'] as const;
export type StageName = (typeof stageNames)[number];

const kept = ['Staging', 'Production', 'Archived'] as const satisfies readonly Stage[];
const active: readonly StageName[] = ['Staging', 'Production'];

/** Versions whose time of change is set with a transition; more than this, or than a batch takes, keep theirs. */
const datedMax = 80;

/** The stage that a version is in. */
export function stageOf({ stages }: Pick<ModelRoot, 'stages'>, version: number): StageName {
  return kept.find((stage) => stages[stage]?.includes(version)) ?? 'None';
}

/** The stage that a text names, in whatever case. Throws `invalid` for any other text. */
export function stageNamed(text: string, field = 'stage'): StageName {
  const named = stageNames.find((stage) => stage.toLowerCase() === text.toLowerCase());
  if (named) return named;
  throw new CairnError(
    'invalid',
    `Invalid Model Version stage: ${text}. Value must be one of ${stageNames.join(', ')}.`,
    { field },
  );
}

export type Transition = {
  readonly name: string;
  readonly version: number;
  readonly stage: string;
  /** Moves every other version of that stage to Archived. */
  readonly archiveExisting?: boolean | undefined;
  /** The promotion that lets the version into a stage that a policy guards. */
  readonly authority?: { readonly promotion: number } | undefined;
};

/**
 * Moves a version to a stage; to the one it is in changes nothing, unless others are to be archived.
 * Throws `invalid-state` where a policy guards the stage and no promotion is the authority. Returns the
 * model as it then is.
 */
export async function transitionStage(ctx: Context, transition: Transition): Promise<ModelRoot> {
  const stage = stageNamed(transition.stage);
  if (transition.archiveExisting && !active.includes(stage))
    throw new CairnError(
      'invalid',
      `Model version transition cannot archive existing model versions because '${transition.stage}' is not an Active stage. Valid stages are ['Staging', 'Production']`,
      { field: 'archive_existing_versions' },
    );
  return changeModel(ctx, transition.name, (root) => stageChange(ctx, root, { ...transition, stage }));
}

/**
 * The change of a model that moves a version to a stage, for whoever changes something else with it;
 * `undefined` where there is nothing to change.
 */
export async function stageChange(
  ctx: Context,
  root: ModelRoot,
  { version, stage, archiveExisting, authority }: Transition & { readonly stage: StageName },
): Promise<ModelChange | undefined> {
  if (!hasVersion(root, version)) throw unknownVersion(root.name, version);
  const from = stageOf(root, version);
  const others = stage === 'None' ? [] : (root.stages[stage] ?? []).filter((other) => other !== version);
  const archived = archiveExisting ? others : [];
  if (from === stage && archived.length === 0) return undefined;
  if (stage !== 'None' && !authority) refuseGuarded(root, { stage });
  const moved = new Map<number, StageName>(archived.map((other) => [other, 'Archived']));
  return {
    type: 'version.staged',
    subject: {
      version: String(version),
      from,
      to: stage,
      ...(archived.length > 0 ? { archived: archived.slice(0, datedMax).join(',') } : {}),
      ...(authority ? { promotion: String(authority.promotion) } : {}),
    },
    root: { ...root, stages: movedStages(root, moved.set(version, stage)) },
    alongside: await dated(ctx, root, [version, ...archived].slice(0, datedMax)),
  };
}

/** The stages of a model after some of its versions moved; a version that is gone is in none. */
export function movedStages(root: ModelRoot, moved: ReadonlyMap<number, StageName>): ModelRoot['stages'] {
  return Object.fromEntries(
    kept.flatMap((stage) => {
      const staying = (root.stages[stage] ?? []).filter((version) => !moved.has(version));
      const coming = [...moved].flatMap(([version, to]) => (to === stage ? [version] : []));
      const versions = [...staying, ...coming].toSorted((a, b) => a - b);
      return versions.length > 0 ? [[stage, versions]] : [];
    }),
  );
}

/** Writes that set when versions were last changed, since MLflow's clients find them by that. */
async function dated(ctx: Context, root: ModelRoot, versions: readonly number[]): Promise<Write[]> {
  const updatedAt = ctx.clock.now();
  const stored = await Promise.all(versions.map((version) => readVersion(ctx, root.modelId, version)));
  const there = stored.flatMap((each) => each ?? []);
  return fitting(there, 0).map(({ doc, etag }) => ({ op: 'replace', doc: { ...doc, updatedAt }, etag }));
}
