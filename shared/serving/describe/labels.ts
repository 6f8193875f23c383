import { isWide, type Port } from '../../sessions/index.ts';
import type { ServedModel } from '../models.ts';
import type { Schema } from './elements.ts';

/** The classes that an output may name, in the type that it names them in; `undefined` where it names none that are known. */
export function classSchema({ roles, ready: { labels } }: ServedModel, output: Port): Schema | undefined {
  if (!labels || roles?.task !== 'classification' || roles.label !== output.name) return undefined;
  if (output.type === 'string') return { type: 'string', enum: labels };
  const numbers = labels.map(Number);
  return isWide(output.type) && numbers.every(Number.isSafeInteger)
    ? { type: 'integer', enum: numbers }
    : undefined;
}
