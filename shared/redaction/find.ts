import { type Detector, detectors, marks, namedDetectors, userinfo } from './detectors.ts';

/** A secret in a text: what it is, and where, in UTF-16 units. */
export type Found = { readonly kind: string; readonly start: number; readonly end: number };

/** Nothing shorter that marks itself is a secret; what stands in a URL or behind a `=` can be. */
const charsMin = 20;

/** The secrets of a text in their order, none within another. `name` is what the text is kept under, if anything. */
export function secretsIn(text: string, name = ''): readonly Found[] {
  const hasUrl = text.includes('://');
  if (text.length < charsMin && !hasUrl && !text.includes('=')) return none;
  const named = name === '' ? undefined : namedDetectors.find((each) => isNamed(each, name, text));
  if (named) return [{ kind: named.kind, start: 0, end: text.length }];
  if (!marks.test(text)) return hasUrl ? matchesOf(userinfo, text) : none;
  const found = detectors.flatMap((detector) => matchesOf(detector, text));
  return found.length < 2 ? found : outermost(found);
}

/**
 * The text with a note in place of each secret, and what they were; the very text where there are none. Redacted
 * again, it stays what it is.
 */
export function redacted(
  text: string,
  name?: string,
): { readonly text: string; readonly kinds: readonly string[] } {
  const kinds = new Set<string>();
  let kept = text;
  // With a secret gone, what was joined to it can stand by itself.
  for (let round = 0; round < roundsMax; round++) {
    const found = secretsIn(kept, name);
    if (found.length === 0) break;
    for (const { kind } of found) kinds.add(kind);
    kept = withNotes(kept, found);
  }
  return { text: kept, kinds: kinds.size === 0 ? none : [...kinds] };
}

const roundsMax = 4;

function withNotes(text: string, found: readonly Found[]): string {
  let kept = '';
  let from = 0;
  for (const { kind, start, end } of found) {
    kept += `${text.slice(from, start)}[redacted: ${kind}]`;
    from = end;
  }
  return kept + text.slice(from);
}

const none: readonly never[] = [];

function isNamed(each: (typeof namedDetectors)[number], name: string, text: string): boolean {
  return each.name.test(name) && each.value.test(text.trim());
}

function matchesOf({ kind, pattern, holds, end }: Detector, text: string): Found[] {
  const found: Found[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [from, to] = match.indices?.[1] ?? [match.index, match.index + match[0].length];
    const last = end ? end(match) : to;
    if (last === undefined || holds?.(match) === false) continue;
    found.push({ kind, start: from, end: last });
    pattern.lastIndex = Math.max(pattern.lastIndex, last);
  }
  return found;
}

/** Of those that overlap, one that covers both. */
function outermost(found: readonly Found[]): Found[] {
  const merged: Found[] = [];
  for (const each of found.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    if (!last || each.start >= last.end) merged.push(each);
    else if (each.end > last.end) merged[merged.length - 1] = { ...last, end: each.end };
  }
  return merged;
}
