import type { DatasetRef } from '../datasets/index.ts';
import type { Document } from '../documents.ts';

export type TensorSpec = {
  readonly name: string;
  /** Element type as onnxruntime-node spells it: `float32`, `int64`, `string`, … */
  readonly elementType: string;
  /** Sizes; a name or `null` is a free dimension. */
  readonly shape: readonly (number | string | null)[];
};

/** What every consumer of a version needs: serving, batch and monitors read this and nothing else. */
export type VersionReady = {
  readonly modelId: string;
  readonly version: number;
  /** `sha256:<hex>` of the ONNX bytes. */
  readonly digest: string;
  readonly bytes: number;
  readonly signature: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };
  /** Names of the columns of the single [N, F] input, when the model declares them. */
  readonly features: readonly string[] | null;
  /** Class labels in the order of the probabilities, when the model declares them. */
  readonly labels: readonly string[] | null;
  /** Blob name in container `artifacts` of the ONNX file. */
  readonly blob: string;
  readonly reference?: DatasetRef;
  readonly evaluation?: DatasetRef;
};

/** Whether a version can be served: known once its artifact has been read. */
export type Inspection =
  | { readonly state: 'pending' }
  | { readonly state: 'ready'; readonly ready: VersionReady; readonly at: number }
  | { readonly state: 'refused'; readonly reason: string; readonly at: number };

/** A registered model: the root of its partition. */
export type ModelRoot = Document & {
  readonly type: 'model';
  readonly modelId: string;
  readonly name: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Alias → version number. */
  readonly aliases: Readonly<Record<string, number>>;
  /** Number the next version gets; numbers are never reused. */
  readonly nextVersion: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly seq: number;
};

export type ModelVersion = Document & {
  readonly type: 'version';
  readonly modelId: string;
  readonly name: string;
  readonly version: number;
  readonly source: string;
  /** Where its files lie, where `source` names a model and not a place. */
  readonly storageLocation?: string;
  readonly loggedModelId?: string;
  readonly runId?: string;
  readonly runLink?: string;
  readonly description: string;
  readonly userId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly inspection: Inspection;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** One move of an alias; `version` absent means it was removed. */
export type AliasMove = Document & {
  readonly type: 'alias-move';
  readonly modelId: string;
  readonly alias: string;
  readonly from?: number;
  readonly to?: number;
  readonly actor: string;
  readonly at: number;
};
