import type { Expr, Query, Source } from './ast.ts';

/** Query text that parses back to the same tree; every compound operand stands in parentheses. */
export function printQuery(query: Query): string {
  const parts = ['SELECT'];
  if (query.distinct) parts.push('DISTINCT');
  if (query.top) parts.push('TOP', printExpr(query.top));
  parts.push(printSelect(query));
  if (query.from.length > 0) parts.push('FROM', query.from.map(printSource).join(' JOIN '));
  if (query.where) parts.push('WHERE', printExpr(query.where));
  if (query.groupBy.length > 0) parts.push('GROUP BY', query.groupBy.map(printExpr).join(', '));
  if (query.orderBy.length > 0) {
    const items = query.orderBy.map((item) => `${printExpr(item.expr)} ${item.descending ? 'DESC' : 'ASC'}`);
    parts.push('ORDER BY', items.join(', '));
  }
  if (query.offset && query.limit)
    parts.push('OFFSET', printExpr(query.offset), 'LIMIT', printExpr(query.limit));
  return parts.join(' ');
}

export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'constant':
      return expr.value === undefined ? 'undefined' : JSON.stringify(expr.value);
    case 'parameter':
    case 'alias':
      return expr.name;
    case 'member':
      return `${printOperand(expr.object)}${printProperty(expr.property)}`;
    case 'unary':
      return `(${expr.operator} ${printOperand(expr.operand)})`;
    case 'binary':
      return `(${printOperand(expr.left)} ${expr.operator} ${printOperand(expr.right)})`;
    case 'between':
      return `(${printExpr(expr.operand)}${not(expr)} BETWEEN ${printExpr(expr.low)} AND ${printExpr(expr.high)})`;
    case 'in':
      return `(${printExpr(expr.operand)}${not(expr)} IN (${expr.list.map(printExpr).join(', ')}))`;
    case 'like': {
      const escape = expr.escape ? ` ESCAPE ${printExpr(expr.escape)}` : '';
      return `(${printExpr(expr.operand)}${not(expr)} LIKE ${printExpr(expr.pattern)}${escape})`;
    }
    case 'conditional':
      return `(${printExpr(expr.condition)} ? ${printExpr(expr.whenTrue)} : ${printExpr(expr.otherwise)})`;
    case 'call':
      return `${expr.name}(${expr.args.map(printExpr).join(', ')})`;
    case 'array':
      return `[${expr.items.map(printExpr).join(', ')}]`;
    case 'object':
      return `{${expr.members.map(({ key, value }) => `${JSON.stringify(key)}: ${printExpr(value)}`).join(', ')}}`;
    case 'subquery': {
      const inner = `(${printQuery(expr.query)})`;
      return expr.form === 'scalar' ? inner : `${expr.form.toUpperCase()}${inner}`;
    }
  }
}

function printSelect({ select }: Query): string {
  switch (select.kind) {
    case 'all':
      return '*';
    case 'value':
      return `VALUE ${printExpr(select.expr)}`;
    case 'list':
      return select.items
        .map(({ expr, name }) => (name.startsWith('$') ? printExpr(expr) : `${printExpr(expr)} AS ${name}`))
        .join(', ');
  }
}

function printSource(source: Source): string {
  switch (source.kind) {
    case 'root':
      return source.alias;
    case 'path':
      return source.iterate
        ? `${source.alias} IN ${printExpr(source.path)}`
        : `${printExpr(source.path)} AS ${source.alias}`;
    case 'query':
      return source.iterate
        ? `${source.alias} IN (${printQuery(source.query)})`
        : `(${printQuery(source.query)}) AS ${source.alias}`;
  }
}

/** A negative number before `.` or an operator would read as another tree; parentheses keep it one. */
function printOperand(expr: Expr): string {
  const text = printExpr(expr);
  return expr.kind === 'constant' && typeof expr.value === 'number' ? `(${text})` : text;
}

function printProperty(property: Expr): string {
  return `[${printExpr(property)}]`;
}

function not(expr: { negated: boolean }): string {
  return expr.negated ? ' NOT' : '';
}
