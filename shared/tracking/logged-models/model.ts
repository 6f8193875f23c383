import { createHash } from 'node:crypto';
import type { Document } from '../../documents.ts';
import type { Lifecycle, Pair, Texts } from '../model.ts';
import { pairsOf, shortened, textMap } from '../texts.ts';

export const loggedModelStatuses = ['PENDING', 'READY', 'FAILED'] as const;
export type LoggedModelStatus = (typeof loggedModelStatuses)[number];

/** A model that MLflow 3 logged: what it was made with, where its files lie, what was measured of it. */
export type LoggedModel = Document & {
  readonly type: 'logged-model';
  readonly experimentId: string;
  readonly modelId: string;
  readonly name: string;
  readonly modelType: string;
  readonly sourceRunId: string;
  readonly status: LoggedModelStatus;
  readonly artifactUri: string;
  readonly lifecycle: Lifecycle;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly params: Texts;
  readonly tags: Texts;
  readonly metrics: readonly ModelMetric[];
  /** Latest value per metric over all runs and datasets, as `Run.m` and `Run.mn` hold it: what is sorted on. */
  readonly m: Readonly<Record<string, number>>;
  readonly mn: Readonly<Record<string, true>>;
  /** The same over the runs and one dataset, by {@link datasetKey}. */
  readonly md: Readonly<Record<string, number>>;
  readonly mdn: Readonly<Record<string, true>>;
  readonly seq: number;
};

/** The latest that one run measured of a model on one dataset, or on none that is known. */
export type ModelMetric = {
  readonly key: string;
  /** As `Run.m` holds it: NaN is 0 here, and an infinity the last double. */
  readonly value: number;
  readonly nan?: true;
  readonly timestamp: number;
  readonly step: number;
  readonly runId: string;
  readonly dataset?: { readonly name: string; readonly digest: string };
};

/**
 * A model as it is stored. Of a long text `params` and `tags` hold the prefix that is searched, `long` the
 * digest, as a run's document does; a model has few, and keeps them whole beside it, by their digests.
 */
export type LoggedModelDocument = LoggedModel & {
  readonly long?: { readonly params: Texts; readonly tags: Texts };
  readonly texts?: Texts;
};

/** The name under which `LoggedModel.md` has a metric on a dataset, or on all datasets of its name. */
export function datasetKey(key: string, name: string, digest?: string): string {
  return createHash('sha256')
    .update(JSON.stringify([key, name, digest]))
    .digest('base64url')
    .slice(0, 22);
}

/** A model with whole texts. */
export function wholeModel({ long, texts, ...doc }: LoggedModelDocument): LoggedModel {
  if (!long || !texts) return doc;
  const whole = (kind: 'params' | 'tags') =>
    textMap([
      ...pairsOf(doc[kind]),
      ...pairsOf(long[kind]).map(({ key, value: digest }) => ({ key, value: texts[digest] ?? '' })),
    ]);
  return { ...doc, params: whole('params'), tags: whole('tags') };
}

export function asDocument(model: LoggedModel): LoggedModelDocument {
  const texts: Pair[] = [];
  const parted = (whole: Texts) => {
    const prefixes: Pair[] = [];
    const digests: Pair[] = [];
    for (const { key, value } of pairsOf(whole)) {
      const { prefix, digest } = shortened(value);
      prefixes.push({ key, value: prefix });
      if (digest === undefined) continue;
      digests.push({ key, value: digest });
      texts.push({ key: digest, value });
    }
    return { prefixes: textMap(prefixes), digests: textMap(digests) };
  };
  const [params, tags] = [parted(model.params), parted(model.tags)];
  return {
    ...model,
    params: params.prefixes,
    tags: tags.prefixes,
    ...(texts.length > 0
      ? { long: { params: params.digests, tags: tags.digests }, texts: textMap(texts) }
      : {}),
  };
}
