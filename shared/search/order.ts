import { CairnError } from '../http/index.ts';
import { invalidAt, tokenize } from './lexer.ts';
import { takeField, Tokens } from './names.ts';
import type { Field, Table } from './table.ts';

export type OrderKey = { readonly field: Field; readonly descending: boolean };

const keysMax = 10;

/**
 * Parses the `order_by` of a search: each clause a name as in a filter, then `ASC` (which is the default)
 * or `DESC`.
 * @throws CairnError `invalid` with the clause as `field`, such as "order_by[1]", and the position in it
 */
export function parseOrder(clauses: readonly string[], table: Table): OrderKey[] {
  if (clauses.length > keysMax)
    throw new CairnError('invalid', `order_by may have at most ${keysMax} clauses, not ${clauses.length}.`, {
      field: 'order_by',
    });
  const keys = clauses.map((clause, i) => keyOf(clause, `order_by[${i}]`, table));
  const names = keys.map(({ field }) => JSON.stringify([field.entity, field.key]));
  const repeated = names.findIndex((name, i) => names.indexOf(name) < i);
  if (repeated >= 0)
    throw new CairnError('invalid', `\`order_by\` contains duplicate fields: ${JSON.stringify(clauses)}`, {
      field: `order_by[${repeated}]`,
    });
  return keys;
}

function keyOf(clause: string, what: string, table: Table): OrderKey {
  const tokens = new Tokens(tokenize(clause, what), what);
  if (tokens.peek().kind === 'end')
    throw invalidAt(what, 0, `Invalid order_by clause '${clause}'. Could not be parsed`);
  const field = takeField(tokens, table);
  if (!field.ordered || field.column.within)
    throw invalidAt(what, 0, `Invalid order_by entity: ${field.entity}`);
  const descending = tokens.takeWords('DESC');
  if (!descending) tokens.takeWords('ASC');
  const rest = tokens.peek();
  if (rest.kind === 'end') return { field, descending };
  throw tokens.invalid(rest, `Invalid ordering key in order_by clause '${clause}'`);
}
