/** Predictions as a table: a row each, a column for each output. */
export type AnswerTable = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
};

/** What a call was answered. */
export type Answer = {
  readonly status: number;
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
  const { body, isExact } = parsed(text);
  if (!isRecord(body)) return { text, ids: [], table: undefined };
  const ids = Array.isArray(body['prediction_ids']) ? body['prediction_ids'].map(String) : [];
  // With what only text can carry it stays as it came.
  const shown = isExact ? JSON.stringify(body, null, 2) : text;
  return { text: shown, ids, table: tableOf(body['predictions'], ids.length) };
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
  if (typeof value === 'string' || typeof value === 'bigint') return String(value);
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
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

/** As JSON; whole numbers keep the digits that a number of JavaScript would round, where `isExact` is false. */
function parsed(text: string): { readonly body: unknown; readonly isExact: boolean } {
  let isExact = true;
  const whole = (_: string, value: unknown, { source = '' }: { source?: string } = {}) => {
    if (!Number.isInteger(value) || Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value;
    isExact = false;
    return BigInt(source);
  };
  try {
    const body: unknown = JSON.parse(text, whole);
    return { body, isExact };
  } catch {
    return { body: undefined, isExact };
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
