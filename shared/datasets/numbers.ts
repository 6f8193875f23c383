const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Spellings of a missing value and of infinity, as pandas, NumPy, R and JavaScript write them. */
const words: Readonly<Record<string, number>> = {
  '': Number.NaN,
  nan: Number.NaN,
  na: Number.NaN,
  null: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/**
 * The number a cell holds; blanks around it do not matter. NaN for a missing value (nothing, `NaN`, `NA`,
 * `null`, in any case), `undefined` for text that is not a number.
 */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (decimal.test(trimmed)) return Number(trimmed);
  const word = trimmed.toLowerCase();
  return Object.hasOwn(words, word) ? words[word] : undefined;
}
