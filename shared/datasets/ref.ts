import * as z from 'zod';

/** Rows outside the platform's own logs: where they lie, what they are, and how to tell if they changed. */
export type DatasetRef = {
  /**
   * How `uri` is read: `artifact` is `runs:/<run id>/<path>` or `mlflow-artifacts:/<path>`; `blob` is
   * `<container>/<name>`; `version` names a dataset version; `logged` is metadata without readable rows.
   */
  readonly kind: 'artifact' | 'blob' | 'version' | 'logged';
  readonly uri: string;
  readonly digest?: string | undefined;
  readonly rows?: number | undefined;
  readonly labelColumn?: string | undefined;
};

const datasetRef: z.ZodType<DatasetRef> = z.object({
  kind: z.enum(['artifact', 'blob', 'version', 'logged']),
  uri: z.string().min(1),
  digest: z.string().optional(),
  rows: z.number().int().nonnegative().optional(),
  labelColumn: z.string().optional(),
});

/** What a text says of where rows lie: a JSON reference, or just the URI of an artifact. `undefined` for other JSON. */
export function parseDatasetRef(text: string): DatasetRef | undefined {
  if (!text.startsWith('{')) return { kind: 'artifact', uri: text };
  try {
    return datasetRef.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
