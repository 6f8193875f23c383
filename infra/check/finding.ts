import type { ObjectValue, Value } from './template.ts';

type Rule =
  | 'syntax'
  | 'type'
  | 'name'
  | 'module'
  | 'parameter'
  | 'policy'
  | 'role'
  | 'secret'
  | 'diagnostics'
  | 'tags'
  | 'version'
  | 'order'
  | 'structure'
  | 'service'
  | 'declaration';

/** Something that is wrong with a template, at a line a reader can go to. */
export type Finding = {
  readonly file: string;
  readonly line: number;
  readonly rule: Rule;
  readonly message: string;
};

/** The value at a path of property names such as `properties.siteConfig`, or `undefined`. */
export function valueAt(body: ObjectValue, path: string): Value | undefined {
  let value: Value | undefined = body;
  for (const name of path.split('.')) {
    if (value?.kind !== 'object') return undefined;
    value = value.properties.find((property) => property.name === name)?.value;
  }
  return value;
}

/** The text of a plain string at `path`, or `undefined`. */
export function textAt(body: ObjectValue, path: string): string | undefined {
  const value = valueAt(body, path);
  return value?.kind === 'string' ? value.text : undefined;
}
