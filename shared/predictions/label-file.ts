import { CsvError, numberOf, readCsv } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import { type Label, type LabelNaming, labelsOfFileMax, type PredictionLabel } from './labels.ts';

/** CSV with a header, or a JSON object a line. */
export type LabelFileKind = 'csv' | 'jsonl';

/** A label, and the number of its row or line from 1. */
type Numbered = PredictionLabel & { readonly number: number };

const bytesMax = 16 * 1024 * 1024;
const lineBytesMax = 64 * 1024;
const columns = ['prediction_id', 'label'] as const;

/**
 * The labels of a file as it comes in, and how their fields are named: CSV with the columns `prediction_id` and `label`, or lines of JSON with the
 * same fields. Throws `invalid` naming the row or line, and `too-large` beyond 100,000 labels or 16 MB.
 */
export async function readLabelFile(
  source: AsyncIterable<Uint8Array>,
  kind: LabelFileKind,
): Promise<{ labels: PredictionLabel[]; nameOf: LabelNaming }> {
  const labels: PredictionLabel[] = [];
  const numbers: number[] = [];
  const found = kind === 'csv' ? csvLabels(bounded(source)) : jsonLabels(bounded(source));
  for await (const { number, ...label } of found) {
    if (labels.length === labelsOfFileMax)
      throw new CairnError(
        'too-large',
        `The file has over ${labelsOfFileMax} labels, the most at once; send it in pieces.`,
      );
    labels.push(label);
    numbers.push(number);
  }
  const place = kind === 'csv' ? 'row' : 'line';
  if (labels.length > 0)
    return { labels, nameOf: (index, field) => `${field} in ${place} ${numbers[index]}` };
  throw new CairnError('invalid', 'The file has no labels.', { field: 'label' });
}

async function* bounded(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax)
      throw new CairnError('too-large', `The file is over ${bytesMax} bytes; send it in pieces.`);
    yield chunk;
  }
}

async function* csvLabels(source: AsyncIterable<Uint8Array>): AsyncGenerator<Numbered> {
  let places: number[] | undefined;
  let row = 0;
  for await (const cells of readCsv(source)) {
    if (!places) {
      places = columns.map((name) => cells.indexOf(name));
      if (cells.length !== columns.length || places.includes(-1))
        throw new CsvError({
          row: 0,
          reason: "The first line must name the columns 'prediction_id' and 'label', and no others",
        });
      continue;
    }
    row++;
    const [predictionId, label] = places.map((at) => cells[at]);
    if (cells.length !== columns.length || predictionId === undefined || label === undefined)
      throw new CsvError({ row, reason: `There are ${cells.length} values where 2 belong` });
    if (label === '') throw new CsvError({ row, column: 'label', reason: 'There is no label' });
    yield { predictionId, label: labelOf(label), number: row };
  }
}

/** Numbers as numbers where nothing of how they were written is lost: `007` is a name. */
function labelOf(text: string): Label {
  const value = numberOf(text);
  return value !== undefined && String(value) === text ? value : text;
}

async function* jsonLabels(source: AsyncIterable<Uint8Array>): AsyncGenerator<Numbered> {
  let number = 0;
  for await (const line of lines(source)) {
    number++;
    if (line.trim() !== '') yield parsed(line, number);
  }
}

function parsed(line: string, number: number): Numbered {
  const refused = (why: string, field?: string) =>
    new CairnError('invalid', `In line ${number}: ${why}.`, field === undefined ? {} : { field });
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw refused('this is not JSON; write one object {"prediction_id": …, "label": …} on each line');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('this is not an object {"prediction_id": …, "label": …}');
  const { prediction_id: predictionId, label, ...others } = value as Record<string, unknown>;
  if (typeof predictionId !== 'string') throw refused("'prediction_id' must be text", 'prediction_id');
  if (typeof label !== 'string' && typeof label !== 'number')
    throw refused("'label' must be text or a number, which is 1 or 0 for true or false", 'label');
  if (Object.keys(others).length > 0) throw refused("there are fields beside 'prediction_id' and 'label'");
  return { predictionId, label, number };
}

/** Lines by line feed, as they come. Throws `invalid` for one that is too long, or not UTF-8. */
async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let number = 1;
  const read = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      throw new CairnError('invalid', `In line ${number} or behind it: this is not UTF-8.`, { cause });
    }
  };
  for await (const chunk of source) {
    const pieces = (rest + read(chunk)).split('\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      yield piece;
      number++;
    }
    if (rest.length > lineBytesMax)
      throw new CairnError('invalid', `In line ${number}: it is over ${lineBytesMax} bytes.`);
  }
  rest += read();
  if (rest !== '') yield rest;
}
