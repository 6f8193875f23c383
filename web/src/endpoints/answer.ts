/** Predictions as a table: a row each, a column for each output. */
export type AnswerTable = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
};

/** What a call was answered. */
export type Answer = {
  readonly milliseconds: number;
  readonly deployment: string | null;
  readonly version: string | null;
  readonly text: string;
  readonly ids: readonly string[];
  /** Absent where the predictions are no rows. */
  readonly table: AnswerTable | undefined;
};

/** The body of an answer of MLflow's scoring protocol, read as far as it is one. */
export function answerOf(text: string): Pick<Answer, 'text' | 'ids' | 'table'> {
  const body = parsed(text);
  if (!isRecord(body)) return { text, ids: [], table: undefined };
  const ids = Array.isArray(body['prediction_ids']) ? body['prediction_ids'].map(String) : [];
  return { text: JSON.stringify(body, null, 2), ids, table: tableOf(body['predictions'], ids.length) };
}

/** Figures by class, the highest first; undefined for what is none such. */
export function classesOf(value: unknown): readonly (readonly [name: string, figure: number])[] | undefined {
  if (!isRecord(value)) return undefined;
  const classes = Object.entries(value);
  if (!classes.every((each): each is [string, number] => typeof each[1] === 'number')) return undefined;
  return classes.toSorted((a, b) => b[1] - a[1]);
}

/** A value in a cell. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '—';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A label as the log takes it: a number where the model answers with numbers, else text. */
export function labelOf(text: string, row: readonly unknown[]): string | number {
  const isText = row.some((value) => typeof value === 'string');
  const trimmed = text.trim();
  return !isText && trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

function tableOf(predictions: unknown, rows: number): AnswerTable | undefined {
  if (Array.isArray(predictions)) return ofRecords(predictions.map(byColumn));
  if (!isRecord(predictions)) return undefined;
  const columns = Object.entries(predictions);
  // Tensors by output: rows where each has as many as there are predictions.
  const isTable = columns.every(([, values]) => Array.isArray(values) && values.length === rows);
  if (!isTable || rows === 0) return undefined;
  return ofRecords(
    Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(columns.map(([name, values]) => [name, (values as unknown[])[row]])),
    ),
  );
}

function ofRecords(records: readonly Readonly<Record<string, unknown>>[]): AnswerTable {
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return { columns, rows: records.map((record) => columns.map((column) => record[column])) };
}

/** A prediction by column. */
function byColumn(prediction: unknown): Readonly<Record<string, unknown>> {
  return isRecord(prediction) ? prediction : { prediction };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
