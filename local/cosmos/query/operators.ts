import type { BinaryOperator } from './ast.ts';
import { compareValues, equalValues, typeOf, TYPE, type Value } from './values.ts';

export type ComparisonOperator = Extract<BinaryOperator, '=' | '!=' | '<' | '<=' | '>' | '>='>;
export type ArithmeticOperator = Exclude<BinaryOperator, ComparisonOperator | 'AND' | 'OR' | '??'>;

/** Undefined where either side is undefined, or where `<` and its kin meet two types or have no order. */
export function compare(operator: ComparisonOperator, left: Value, right: Value): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (operator === '=') return equalValues(left, right);
  if (operator === '!=') return !equalValues(left, right);
  if (!comparable(left, right)) return undefined;
  const order = compareValues(left, right);
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** Arithmetic on numbers, `||` on strings; undefined for any other type and for a result that is not finite. */
export function calculate(operator: ArithmeticOperator, left: Value, right: Value): Value {
  if (operator === '||')
    return typeof left === 'string' && typeof right === 'string' ? left + right : undefined;
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  const result = arithmetic(operator, left, right);
  return Number.isFinite(result) ? result : undefined;
}

/** Three-valued AND: false wins over undefined; a value that is not boolean counts as undefined. */
export function and(left: Value, right: Value): boolean | undefined {
  if (left === false || right === false) return false;
  return left === true && right === true ? true : undefined;
}

/** Three-valued OR: true wins over undefined. */
export function or(left: Value, right: Value): boolean | undefined {
  if (left === true || right === true) return true;
  return left === false && right === false ? false : undefined;
}

export function not(value: Value): boolean | undefined {
  return typeof value === 'boolean' ? !value : undefined;
}

function comparable(left: Value, right: Value): boolean {
  if (typeof left === 'boolean' && typeof right === 'boolean') return true;
  const type = typeOf(left);
  return type === typeOf(right) && type < TYPE.array;
}

function arithmetic(operator: Exclude<ArithmeticOperator, '||'>, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    case '|':
      return left | right;
    case '&':
      return left & right;
    case '^':
      return left ^ right;
    case '<<':
      return left << right;
    case '>>':
      return left >> right;
    case '>>>':
      return left >>> right;
  }
}
