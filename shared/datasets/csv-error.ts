import { CairnError } from '../http/index.ts';
import { excerpt } from '../redaction/index.ts';

/** What is wrong with a file, and where. `row` counts the rows of data from 1; the header is row 0. */
export type CsvProblem = {
  readonly row?: number;
  readonly column?: string;
  readonly value?: string;
  readonly reason: string;
};

const shownCharactersMax = 80;

/** A file that is not the table it should be. */
export class CsvError extends CairnError {
  readonly problem: CsvProblem;

  constructor(problem: CsvProblem) {
    const { row, column, reason } = problem;
    const value = problem.value === undefined ? undefined : shorten(problem.value);
    const place = [
      row === undefined ? '' : row === 0 ? 'the header' : `row ${row}`,
      column === undefined ? '' : `column '${column}'`,
    ].filter((part) => part !== '');
    const sentence = `${value === undefined ? '' : `'${value}' `}${reason}.`;
    super('invalid', place.length > 0 ? `In ${place.join(', ')}: ${sentence}` : sentence, {
      ...(column === undefined ? {} : { field: column }),
    });
    this.name = 'CsvError';
    this.problem = { ...problem, ...(value === undefined ? {} : { value }) };
  }

  /** The same without the value that is wrong, which may be personal data. */
  withoutValue(): CsvError {
    const { value, ...rest } = this.problem;
    return value === undefined ? this : new CsvError({ ...rest, reason: `The value ${rest.reason}` });
  }
}

function shorten(text: string): string {
  return excerpt(text, shownCharactersMax);
}
