import type { GateKind } from '../api/registry.ts';
import { figure, moment } from '../parts/format.ts';

/** What the figures of a gate mean, for a reader who did not write the policy. */
export const meanings: Readonly<Partial<Record<GateKind, string>>> = {
  'no-regression':
    'Both versions answer the same rows, scored by this server. The difference is drawn again and again from those rows (a paired bootstrap): the bound is what it is no worse than, with the confidence that the policy asks for.',
  'evaluation-drift':
    'The population stability index (PSI) tells how far a feature of the evaluation set lies from the reference set: 0 is alike, above 0.25 is another population. Figures over drifted rows say little about the rows to come.',
  schema:
    'Columns that callers send today must be taken, of the same types; what comes back must have the form they read.',
};

const charactersMax = 200;
const times = /_at$|^(from|to|at|until)$/;

/** Single values of what a gate was judged by, by their names in words. */
export function figuresOf(inputs: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, value]): [string, string][] => {
      if (isRecord(value))
        return Object.entries(figuresOf(value)).map(([inner, text]) => [`${title(name)}: ${inner}`, text]);
      const text = textOf(name, value);
      return text === undefined ? [] : [[title(name), text]];
    }),
  );
}

/** The lists of it, a line an entry. */
export function tableOf(
  inputs: Readonly<Record<string, unknown>>,
): { readonly title: string; readonly rows: readonly string[] }[] {
  return Object.entries(inputs).flatMap(([name, value]) => {
    if (!Array.isArray(value) || value.length === 0) return [];
    const rows = value.map((each: unknown) =>
      isRecord(each)
        ? Object.entries(figuresOf(each))
            .map(([key, text]) => `${key.toLowerCase()} ${text}`)
            .join(', ')
        : (textOf(name, each) ?? JSON.stringify(each)),
    );
    return [{ title: title(name), rows: [...new Set(rows)] }];
  });
}

function textOf(name: string, value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return times.test(name) && value > 1e11 ? moment(value) : figure(value);
    case 'string':
      return value.length > charactersMax ? `${value.slice(0, charactersMax)}…` : value;
    case 'boolean':
      return value ? 'yes' : 'no';
    default:
      return undefined;
  }
}

/** `rows_min` and `rowsMin` as `Rows min`. */
function title(name: string): string {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
