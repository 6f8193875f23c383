import type { Document } from '../documents.ts';

/** One conversion of a version to ONNX. Document id `job` in its own partition of container `jobs`. */
export type ConversionJob = Document & {
  readonly type: 'conversion-job';
  readonly id: 'job';
  readonly kind: 'conversion';
  /** `convert-<modelId>-<version>-<n>`: the n-th conversion of a version. */
  readonly jobId: string;
  readonly modelId: string;
  /** The model's name when it was asked for. */
  readonly model: string;
  readonly version: number;
  /** The version's folder, a path among the artifacts of the workspace. */
  readonly artifact: string;
  /** Known to the server and the converter alone: who has it signs the report. */
  readonly ticket: string;
  readonly requestedBy: string;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly updatedAt: number;
} & ConversionState;

/** The state a conversion is in; each but the last two leads to the next. */
export type ConversionState =
  | { readonly status: 'requested' }
  | {
      readonly status: 'running';
      readonly attempt: number;
      readonly startedAt: number;
      readonly lease: { readonly until: number };
    }
  | {
      readonly status: 'recording';
      readonly attempt: number;
      readonly startedAt: number;
      readonly converted: Converted;
    }
  | {
      readonly status: 'succeeded';
      readonly attempt: number;
      readonly startedAt: number;
      readonly finishedAt: number;
      readonly converted: Converted;
    }
  | {
      readonly status: 'failed';
      readonly attempt: number;
      readonly startedAt?: number;
      readonly finishedAt: number;
      readonly reason: string;
      /** The end of what the converter wrote. */
      readonly logTail?: string;
    };

/** What came out, and how it was shown to be the same model. */
export type Converted = {
  /** Path of the ONNX file among the artifacts of the workspace. */
  readonly path: string;
  /** `sha256:<hex>`. */
  readonly digest: string;
  readonly bytes: number;
  readonly check: Check;
  /** What the converter found worth saying, as that the model was written by another version of its library. */
  readonly warnings: readonly string[];
  /** Versions of what it used. */
  readonly packages: Readonly<Record<string, string>>;
};

export type Check = {
  readonly rows: number;
  /** The logged input example with variations of it; or rows made up from the signature, or the model's width. */
  readonly rowsFrom: 'input-example' | 'signature' | 'model';
  /** Of two probabilities or values; of values over 1, relative to the value. */
  readonly maxAbsDifference: number;
  readonly tolerance: number;
};
