import * as z from 'zod';

/** What the documents of a job's files have room for. */
const charactersMax = 64 * 1024;

/**
 * What pandas notes in a file of its frame: which columns are its index, and which types a column has beyond those of
 * Parquet. https://pandas.pydata.org/docs/development/developer.html
 */
const note = z.looseObject({
  columns: z.array(z.looseObject({ numpy_type: z.string() })),
  column_indexes: z
    .array(z.looseObject({ pandas_type: z.string() }))
    .max(1)
    .optional(),
});

/** Types of pandas that it makes of any column that holds their values. */
const known = /^(?:object|str|string|bool(?:ean)?|(?:u?int|float|U?Int|Float)\d+|datetime64\[\w+\])$/;

/**
 * The note as it is right for an output that repeats the columns, whose predictions it does not name; `undefined` where
 * it would keep pandas from reading that.
 */
export function pandasNote(text: string | undefined): string | undefined {
  if (text === undefined || text.length > charactersMax) return undefined;
  const parsed = note.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  const { columns, column_indexes: names = [] } = parsed.data;
  // Names that are no text would be made of the names of the predictions, too.
  if (names.some(({ pandas_type: type }) => type !== 'unicode' && type !== 'string')) return undefined;
  return JSON.stringify({
    ...parsed.data,
    columns: columns.filter(({ numpy_type: type }) => known.test(type)),
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
