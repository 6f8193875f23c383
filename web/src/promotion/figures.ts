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

type Inputs = Readonly<Record<string, unknown>>;
type Figure = { readonly name: string; readonly text: string };
type FigureList = { readonly name: string; readonly rows: readonly string[] };

const shownCharactersMax = 200;
const times = /(_at|^at|^from|^to|^until)$/;

/** Single values of what a gate was judged by, by their names in words; those within another value with it. */
export function figuresOf(inputs: Inputs): Figure[] {
  return Object.entries(inputs).flatMap(([name, value]): Figure[] => {
    if (isRecord(value))
      return figuresOf(value).map((inner) => ({ ...inner, name: `${words(name)}: ${inner.name}` }));
    const text = Array.isArray(value) ? lineOf(name, value) : textOf(name, value);
    return text === undefined || text === '' ? [] : [{ name: words(name), text }];
  });
}

/** The lists among them that are too long for a line: an entry a row. */
export function listsOf(inputs: Inputs): FigureList[] {
  return Object.entries(inputs).flatMap(([name, value]): FigureList[] => {
    if (!Array.isArray(value) || value.length === 0 || lineOf(name, value) !== undefined) return [];
    const rows = value.map((each: unknown) =>
      isRecord(each)
        ? figuresOf(each)
            .map((inner) => `${inner.name} ${inner.text}`)
            .join(', ')
        : (textOf(name, each) ?? JSON.stringify(each)),
    );
    return [{ name: words(name), rows: [...new Set(rows)] }];
  });
}

/** A short list of plain values, in a line. */
function lineOf(name: string, values: readonly unknown[]): string | undefined {
  const texts = values.map((each) => textOf(name, each));
  if (texts.includes(undefined)) return undefined;
  const line = texts.join(', ');
  return line.length > shownCharactersMax ? undefined : line;
}

function textOf(name: string, value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return times.test(name) && value > 1e11 ? moment(value) : figure(value);
    case 'string':
      return value.length > shownCharactersMax ? `${value.slice(0, shownCharactersMax)}…` : value;
    case 'boolean':
      return value ? 'yes' : 'no';
    default:
      return undefined;
  }
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}

function isRecord(value: unknown): value is Inputs {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
