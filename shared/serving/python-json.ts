/**
 * JSON as Python's `json` module writes it, and with it the clients of MLflow and of tensors: `NaN`, `Infinity` and
 * `-Infinity` stand in it as they are, https://docs.python.org/3/library/json.html#infinite-and-nan-number-values
 */

/** The same as JSON, with null for NaN, and for the infinities numbers that no double holds; `hasNaN` if any was there. */
export function standardJson(text: string): { readonly text: string; readonly hasNaN: boolean } {
  const parts: string[] = [];
  let hasNaN = false;
  let kept = 0;
  const next = /["NI]/g;
  for (let found = next.exec(text); found; found = next.exec(text)) {
    const at = found.index;
    const word = ['NaN', 'Infinity'].find((each) => text.startsWith(each, at));
    if (found[0] === '"') next.lastIndex = endOfText(text, at);
    if (word === undefined) continue;
    hasNaN ||= word === 'NaN';
    parts.push(text.slice(kept, at), word === 'NaN' ? 'null' : '1e999');
    kept = next.lastIndex = at + word.length;
  }
  return { text: [...parts, text.slice(kept)].join(''), hasNaN };
}

/** Behind the text that begins at a quotation mark; the end of all where it has none. */
function endOfText(text: string, start: number): number {
  const mark = /\\.|"/gs;
  mark.lastIndex = start + 1;
  for (let found = mark.exec(text); found; found = mark.exec(text))
    if (found[0] === '"') return mark.lastIndex;
  return text.length;
}
