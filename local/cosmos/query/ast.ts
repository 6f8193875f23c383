import type { Value } from './values.ts';

/** An expression of the query language. */
export type Expr =
  | { kind: 'constant'; value: Value }
  | { kind: 'parameter'; name: string }
  | { kind: 'alias'; name: string }
  | { kind: 'member'; object: Expr; property: Expr }
  | { kind: 'unary'; operator: UnaryOperator; operand: Expr }
  | { kind: 'binary'; operator: BinaryOperator; left: Expr; right: Expr }
  | { kind: 'between'; negated: boolean; operand: Expr; low: Expr; high: Expr }
  | { kind: 'in'; negated: boolean; operand: Expr; list: Expr[] }
  | { kind: 'like'; negated: boolean; operand: Expr; pattern: Expr; escape: Expr | undefined }
  | { kind: 'conditional'; condition: Expr; whenTrue: Expr; otherwise: Expr }
  | { kind: 'call'; name: string; args: Expr[] }
  | { kind: 'array'; items: Expr[] }
  | { kind: 'object'; members: { key: string; value: Expr }[] }
  | { kind: 'subquery'; form: 'scalar' | 'exists' | 'array'; query: Query };

export type UnaryOperator = 'NOT' | '-' | '+' | '~';

export type BinaryOperator =
  | 'OR'
  | 'AND'
  | '??'
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '||'
  | '|'
  | '^'
  | '&'
  | '<<'
  | '>>'
  | '>>>'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

/** What a FROM or JOIN ranges over, and the name it gives to each element. */
export type Source =
  | { kind: 'root'; alias: string }
  | { kind: 'path'; path: Expr; alias: string; iterate: boolean }
  | { kind: 'query'; query: Query; alias: string; iterate: boolean };

export type Select =
  | { kind: 'all' }
  | { kind: 'value'; expr: Expr }
  | { kind: 'list'; items: { expr: Expr; name: string }[] };

export type OrderItem = { expr: Expr; descending: boolean };

export type Query = {
  distinct: boolean;
  top: Expr | undefined;
  select: Select;
  from: Source[];
  where: Expr | undefined;
  groupBy: Expr[];
  orderBy: OrderItem[];
  offset: Expr | undefined;
  limit: Expr | undefined;
};

/** Calls `visit` for an expression and all it contains, subqueries left out. */
export function walk(expr: Expr, visit: (expr: Expr) => void): void {
  visit(expr);
  for (const child of children(expr)) walk(child, visit);
}

/** The direct parts of an expression; a subquery has none. */
export function children(expr: Expr): Expr[] {
  switch (expr.kind) {
    case 'constant':
    case 'parameter':
    case 'alias':
    case 'subquery':
      return [];
    case 'member':
      return [expr.object, expr.property];
    case 'unary':
      return [expr.operand];
    case 'binary':
      return [expr.left, expr.right];
    case 'between':
      return [expr.operand, expr.low, expr.high];
    case 'in':
      return [expr.operand, ...expr.list];
    case 'like':
      return expr.escape ? [expr.operand, expr.pattern, expr.escape] : [expr.operand, expr.pattern];
    case 'conditional':
      return [expr.condition, expr.whenTrue, expr.otherwise];
    case 'call':
      return expr.args;
    case 'array':
      return expr.items;
    case 'object':
      return expr.members.map((member) => member.value);
  }
}
