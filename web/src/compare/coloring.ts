import { rampColor } from '../charts/colors.ts';
import { type Dimension, dimensionOf, placeOf } from '../charts/dimensions.ts';
import type { Theme } from '../app/theme.ts';
import type { Compared } from './compared.ts';
import type { Field } from './differences.ts';

/** What tells the colour of a run: the run itself, or its value of a field. */
export type Coloring = {
  readonly dimension: Dimension | undefined;
  readonly of: (
    compared: Compared,
    at: number,
  ) => { readonly color: string; readonly dash: readonly number[] };
};

const noValue: Readonly<Record<Theme, string>> = { light: '#9a948a', dark: '#77716a' };

export function coloringBy(field: Field | undefined, theme: Theme): Coloring {
  if (!field) return { dimension: undefined, of: ({ color, dash }) => ({ color, dash }) };
  const dimension = dimensionOf(field.id, field.row.cells);
  return {
    dimension,
    of: (_, at) => {
      const share = placeOf(dimension, field.row.cells[at]);
      return { color: share === undefined ? noValue[theme] : rampColor(share, theme), dash: [] };
    },
  };
}
