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

/**
 * What a model's author calls its columns and classes, as `properties` of Open Inference's metadata: a list as JSON
 * text, since these hold text alone. None where nothing is known.
 */
export function propertiesOf({ ready: { features, labels } }: Pick<ServedModel, 'ready'>): {
  properties?: Record<string, string>;
} {
  const named = Object.entries({ features, labels }).flatMap(([key, names]): [string, string][] =>
    names === null ? [] : [[key, JSON.stringify(names)]],
  );
  return named.length === 0 ? {} : { properties: Object.fromEntries(named) };
}
