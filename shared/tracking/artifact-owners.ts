import { artifactPathIn, decodedOrSame } from '../artifacts/index.ts';
import type { Context } from '../context.ts';
import { maySee } from './experiments/experiments.ts';
import { experimentOfModel, experimentOfRun } from './ids.ts';

/**
 * The experiments that what lies at a path among the artifacts of a workspace belongs to: by default
 * `<experiment>/<run>/artifacts/…` and `<experiment>/models/<model>/artifacts/…`, and below the folder that an
 * experiment chose `<folder>/<run>/artifacts/…`, where run and model tell of which experiment they are.
 * `undefined` where the path says nothing: it may hold what belongs to any of them.
 */
export function experimentsOfArtifact(path: string): readonly string[] | undefined {
  // Folders with an escape in their names are also found under what it stands for.
  const found = [...new Set([path, decodedOrSame(path)])].map(experimentsIn);
  return found.some((ids) => ids.size === 0) ? undefined : [...new Set(found.flatMap((ids) => [...ids]))];
}

/** The same for the URI of a place: none for one that this server does not keep. */
export function experimentsOfArtifactUri(uri: string): readonly string[] | undefined {
  const path = artifactPathIn(uri);
  return path === undefined ? [] : experimentsOfArtifact(path);
}

/** Whether the caller may see what lies at a path among the artifacts. */
export function maySeeArtifact(ctx: Context, path: string): boolean {
  if (ctx.access.isPlain) return ctx.access.may('viewer');
  const experimentIds = experimentsOfArtifact(path);
  if (experimentIds) return experimentIds.every((id) => maySee(ctx, id));
  const visible = ctx.access.visible('experiment');
  return visible.all && visible.except.length === 0;
}

function experimentsIn(path: string): ReadonlySet<string> {
  const parts = path.split('/').filter((part) => part !== '');
  const [first = ''] = parts;
  const found = new Set<string>();
  if (isExperimentFolder(first)) found.add(first);
  let isBelowRun = false;
  parts.forEach((part, i) => {
    const next = parts[i + 1];
    const isRunFolder = next === 'artifacts' || (next === undefined && !isBelowRun);
    const ofRun = isRunFolder ? experimentOfRun(part) : undefined;
    const ofModel = part === 'models' && next !== undefined ? experimentOfModel(next) : undefined;
    if (ofRun !== undefined) isBelowRun = true;
    for (const id of [ofRun, ofModel]) if (id !== undefined) found.add(id);
  });
  return found;
}

/** Whether the name of a folder is the id of an experiment as it is written there. */
function isExperimentFolder(name: string): boolean {
  return /^(0|[1-9]\d{0,19})$/.test(name);
}
