import type { DatasetRef } from '../datasets/index.ts';
import type { Document } from '../documents.ts';

export type TensorSpec = {
  readonly name: string;
  /** Element type as onnxruntime-node spells it: `float32`, `int64`, `string`, … */
  readonly elementType: string;
  /** Sizes; a name or `null` is a free dimension. */
  readonly shape: readonly (number | string | null)[];
};

/** One file that is loaded for serving, in container `models`, named by its content. */
export type ServedFile = {
  /** Its name as the graph knows it: a path relative to the ONNX file. */
  readonly path: string;
  readonly blob: string;
  /** `sha256:<hex>`. */
  readonly digest: string;
  readonly bytes: number;
};

/** What the platform changed in the copy it serves. */
export type ServedChange =
  | 'zipmap-stripped'
  | 'float16-inputs-cast'
  | 'float16-outputs-cast'
  /** Weights in files of their own that belong to a branch, a function or a constant were moved into the ONNX file. */
  | 'external-data-inlined'
  /** Inputs are called as the columns of MLflow's signature again, whose names a converter had changed. */
  | 'inputs-renamed'
  | 'converted';

/** How the model behaved when it was run once in a process of its own. */
export type Timings = {
  readonly loadMilliseconds: number;
  /** Median and slowest run on one row. */
  readonly runMillisecondsP50: number;
  readonly runMillisecondsMax: number;
  /** Growth of the resident memory by loading and running it. */
  readonly memoryBytes: number;
};

/** What every consumer of a version needs: serving, batch and monitors read this and nothing else. */
export type VersionReady = {
  readonly modelId: string;
  readonly version: number;
  /** `sha256:<hex>` of the model as registered: of its ONNX bytes, and of its external data where it has some. */
  readonly digest: string;
  readonly bytes: number;
  readonly signature: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };
  /** Names of the columns of the single [N, F] input, when the model declares them. */
  readonly features: readonly string[] | null;
  /** Class labels in the order of the probabilities, when the model declares them. */
  readonly labels: readonly string[] | null;
  /** MLflow's signature, where the author logged one; `signature` is what the model itself takes and gives. */
  readonly schema?: ArtifactFacts['schema'];
  /** The copy that is loaded; it stays when the run that logged the model is purged. */
  readonly served: ServedFile & {
    readonly external: readonly ServedFile[];
    readonly changes: readonly ServedChange[];
  };
  readonly timings: Timings;
  readonly reference?: DatasetRef;
  readonly evaluation?: DatasetRef;
};

/** Whether a version can be served: known once its artifact has been read. */
export type Inspection =
  | { readonly state: 'pending' }
  | {
      readonly state: 'ready';
      readonly ready: VersionReady;
      readonly at: number;
      /** What was found when it was read again: how its artifact differs now from what was registered and is served. */
      readonly note?: string;
    }
  | {
      readonly state: 'refused';
      readonly reason: string;
      /** What makes it servable, in a sentence, and by which call where the platform can do it. */
      readonly wayOut?: { readonly says: string; readonly by?: 'convert' };
      readonly at: number;
    };

/** What the artifact of a version is, whether it can be served or not. */
export type ArtifactFacts = {
  /** Every file with its sha-256 stands in the manifest, which `readManifest` gives; `digest` is that of its bytes. */
  readonly manifest: { readonly digest: string; readonly files: number; readonly bytes: number };
  /** From `MLmodel`, where there is one: `onnx`, `sklearn`, `python_function`, … */
  readonly flavours: readonly string[];
  readonly mlflowVersion?: string;
  /** MLflow's signature: each a list of column or tensor specs, as logged. */
  readonly schema?: {
    readonly inputs?: readonly unknown[];
    readonly outputs?: readonly unknown[];
    readonly params?: readonly unknown[];
  };
  /** Path of the logged input example within the artifact. */
  readonly inputExample?: string;
  readonly onnx?: {
    readonly path: string;
    readonly irVersion: number;
    readonly opsets: Readonly<Record<string, number>>;
    readonly operators: Readonly<Record<string, number>>;
    readonly producer?: string;
    readonly parameters?: number;
  };
};

export type Stage = 'Staging' | 'Production' | 'Archived';

/** A registered model: the root of its partition. */
export type ModelRoot = Document & {
  readonly type: 'model';
  readonly modelId: string;
  readonly name: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Alias → version number. */
  readonly aliases: Readonly<Record<string, number>>;
  /** Versions in a stage, ascending; every other one is in stage None. */
  readonly stages: Readonly<Partial<Record<Stage, readonly number[]>>>;
  /** Number the next version gets; numbers are never reused. */
  readonly nextVersion: number;
  /** Numbers of deleted versions, ascending. */
  readonly gone: readonly number[];
  /** The promotion policy in force, and which aliases and stages it guards. */
  readonly policy?: {
    readonly version: number;
    readonly aliases: readonly string[];
    readonly stages: readonly Stage[];
    /** Its versions are served with a valid signature only. */
    readonly signedOnly?: true;
  };
  /** The name that it is about to take, and by which request: see models/rename.ts. */
  readonly renaming?: { readonly name: string; readonly token: string };
  readonly createdAt: number;
  /** When its name, description, versions or stages were last changed: MLflow counts neither tags nor aliases. */
  readonly updatedAt: number;
  readonly seq: number;
};

/** What is left of a deleted model, in place of its root: its id is never used again. */
export type DeletedModel = Document & {
  readonly type: 'deleted-model';
  readonly modelId: string;
  readonly name: string;
  readonly at: number;
  readonly by: string;
  /** It was tagged `risk: high`. */
  readonly isHighRisk?: true;
};

export type ModelVersion = Document & {
  readonly type: 'version';
  readonly modelId: string;
  readonly name: string;
  readonly version: number;
  /** `<modelId>/<version>`: by it versions of many models are found at once. */
  readonly ref: string;
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
  readonly artifact?: ArtifactFacts;
  /** The signature over its manifest, where it was signed. */
  readonly signing?: { readonly keyId: string; readonly manifestDigest: string; readonly at: number };
  /** The conversion to ONNX that was last asked for. */
  readonly conversion?: { readonly jobId: string };
  /** The ONNX file that a conversion made of it, a path among the artifacts; it is what is served then. */
  readonly converted?: { readonly path: string; readonly digest: string; readonly at: number };
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly seq: number;
};

/** What is left of a deleted version, in its place: its number is never used again. */
export type DeletedVersion = Document & {
  readonly type: 'deleted-version';
  readonly modelId: string;
  readonly version: number;
  readonly at: number;
  readonly by: string;
};

/** Why an alias moved. */
export type MoveCause =
  | { readonly kind: 'set' }
  | { readonly kind: 'promotion'; readonly promotion: number }
  /** `undoes` is the `seq` of the move that this one takes back. */
  | { readonly kind: 'rollback'; readonly undoes: number; readonly reason: string }
  | { readonly kind: 'version-deleted' };

/** One move of an alias, in the order of `seq`; `to` absent means it was removed. */
export type AliasMove = Document & {
  readonly type: 'alias-move';
  readonly modelId: string;
  readonly alias: string;
  /** Of the model's root after the move. */
  readonly seq: number;
  readonly from?: number;
  readonly to?: number;
  readonly cause: MoveCause;
  readonly actor: string;
  readonly at: number;
};
