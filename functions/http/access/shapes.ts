import * as z from 'zod';
import { CairnError, fields, type Page } from '../../../shared/http/index.ts';

/** What the routes of access have in common: fields of their inputs, pages and versions. */

const text = (max: number) => fields.text.max(max, `must have at most ${max} characters`);

export const inputs = {
  text,
  /** A name or id, whatever else is asked of it. */
  name: fields.requiredText.pipe(text(300)),
  reason: text(500).optional(),
};

/** The fields of a list's query. */
export const asked = {
  max_results: fields.limit(1000, 100),
  page_token: fields.text.optional(),
};

/** A page as lists show it under their name. */
export function listed<T>(name: string, { items, nextToken }: Page<unknown>, shown: readonly T[]) {
  if (items.length !== shown.length) throw new Error('A page shows each of its items.');
  return { [name]: shown, ...(nextToken === undefined ? {} : { next_page_token: nextToken }) };
}

/** The answer to what left nothing to show. */
export function nothing(): Response {
  return new Response(null, { status: 204 });
}

/** The version that a change is conditional on by its headers; 0 where there must be none yet. */
export function expectedIn({ headers }: Request): number | undefined {
  if (headers.get('if-none-match')?.trim() === '*') return 0;
  const tag = headers.get('if-match');
  if (tag === null) return undefined;
  const version = /^(?:W\/)?"?(\d{1,15})"?$/.exec(tag.trim())?.[1];
  if (version !== undefined) return Number(version);
  throw new CairnError('invalid', 'If-Match must be the ETag of what is to be changed.', {
    field: 'if-match',
  });
}

/** Milliseconds since 1970. */
export const instant = fields.int64.pipe(z.number().min(0, 'must not be before 1970'));
