/** A JSON value; members that are `undefined` are as ones left out. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/**
 * The one JSON text of a value by the JSON Canonicalization Scheme: no white space, members in the order of the
 * UTF-16 units of their names, numbers and texts as ECMAScript writes them. Throws for what JSON does not have.
 * https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(',')}]`;
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`JSON has no ${value}.`);
      return JSON.stringify(value);
    case 'string':
      // JSON.stringify would escape half of a surrogate pair; the scheme refuses it.
      if (!value.isWellFormed()) throw new TypeError('A text holds half of a surrogate pair.');
      return JSON.stringify(value);
    case 'object':
      return value === null ? 'null' : object(value as { readonly [name: string]: Json | undefined });
    default:
      return JSON.stringify(value);
  }
}

function object(value: { readonly [name: string]: Json | undefined }): string {
  const members = Object.keys(value)
    .toSorted()
    .flatMap((name) => {
      const member = value[name];
      return member === undefined ? [] : [`${canonical(name)}:${canonical(member)}`];
    });
  return `{${members.join(',')}}`;
}
