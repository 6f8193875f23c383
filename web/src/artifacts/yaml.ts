export type Yaml = string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml };

/**
 * Reads YAML in the block style that PyYAML's `safe_dump` writes, which is what MLmodel, conda and
 * environment files are: nested maps and lists; plain, single and double quoted scalars folded over lines;
 * empty `[]` and `{}`. Source: YAML 1.2.2, sections 7.3 (flow scalars) and 8.2 (block collections).
 *
 * @throws SyntaxError at what it does not know (anchors, tags, block scalars, other flow collections).
 */
export function parseYaml(text: string): Yaml {
  const lines = text
    .split(/\r?\n/)
    .map((line) => ({ indent: line.search(/\S|$/), text: line.trim() }))
    .filter((line, at) => !(line.text.startsWith('#') || (at === 0 && line.text === '---')));
  const reader: Reader = { lines, at: 0 };
  skipBlank(reader);
  const document = block(reader, 0);
  skipBlank(reader);
  if (reader.at < lines.length) throw unknown(reader);
  return document;
}

type Line = { indent: number; text: string };
type Reader = { readonly lines: Line[]; at: number };

function block(reader: Reader, indentMin: number): Yaml {
  const line = peek(reader);
  if (!line || line.indent < indentMin) return null;
  if (isItem(line.text)) return list(reader, line.indent);
  return keyOf(line.text) ? map(reader, line.indent) : scalar(reader, line.text, line.indent - 1);
}

function list(reader: Reader, indent: number): Yaml[] {
  const items: Yaml[] = [];
  for (let line = peek(reader); line?.indent === indent && isItem(line.text); line = peek(reader)) {
    const rest = line.text.slice(1).trimStart();
    if (rest === '') {
      reader.at++;
      items.push(block(reader, indent + 1));
    } else {
      // What follows the dash is read as a line of its own that stands where it begins.
      line.indent = indent + line.text.length - rest.length;
      line.text = rest;
      items.push(block(reader, line.indent));
    }
  }
  return items;
}

function map(reader: Reader, indent: number): Yaml {
  const entries: [string, Yaml][] = [];
  for (let line = peek(reader); line?.indent === indent && !isItem(line.text); line = peek(reader)) {
    const found = keyOf(line.text);
    if (!found) throw unknown(reader);
    entries.push([found.key, value(reader, found.rest, indent)]);
  }
  return Object.fromEntries(entries);
}

function value(reader: Reader, rest: string, indent: number): Yaml {
  if (rest !== '') return scalar(reader, rest, indent);
  reader.at++;
  const next = peek(reader);
  if (!next || next.indent < indent) return null;
  if (next.indent > indent) return block(reader, indent + 1);
  return isItem(next.text) ? list(reader, indent) : null;
}

/** A scalar that begins with `first` and goes on over the lines that are indented deeper than `indent`. */
function scalar(reader: Reader, first: string, indent: number): Yaml {
  const quote = first[0] === "'" || first[0] === '"' ? first[0] : undefined;
  if (!quote && /^[&*!|>%@`{[]/.test(first) && first !== '{}' && first !== '[]') throw unknown(reader);
  let text = first;
  reader.at++;
  let blanks = 0;
  while (quote ? !closed(text, quote) : goesOn(reader, indent)) {
    const line = reader.lines[reader.at];
    if (!line) throw unknown(reader);
    reader.at++;
    if (line.text === '') blanks++;
    else {
      text = joined(text, line.text, blanks, quote);
      blanks = 0;
    }
  }
  if (quote === "'") return text.slice(1, -1).replaceAll("''", "'");
  if (quote === '"') return unescaped(text.slice(1, -1));
  return plain(text);
}

/** A line break within a scalar is a space, and n empty lines are n breaks; an escaped one is nothing. */
function joined(text: string, next: string, blanks: number, quote: string | undefined): string {
  if (quote === '"' && /(^|[^\\])(\\\\)*\\$/.test(text))
    return text.slice(0, -1) + next.replace(/^\\(?= )/, '');
  return text + (blanks > 0 ? '\n'.repeat(blanks) : ' ') + next;
}

function goesOn(reader: Reader, indent: number): boolean {
  let at = reader.at;
  while (reader.lines[at]?.text === '') at++;
  const line = reader.lines[at];
  return line !== undefined && line.indent > indent;
}

function closed(text: string, quote: string): boolean {
  return quote === "'" ? /^'(?:[^']|'')*'$/.test(text) : /^"(?:[^"\\]|\\[\s\S])*"$/.test(text);
}

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
};

function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([\s\S]))/g,
    (_, x?: string, u?: string, wide?: string, one?: string) =>
      one === undefined
        ? String.fromCodePoint(Number.parseInt(x ?? u ?? wide ?? '', 16))
        : (escapes[one] ?? one),
  );
}

function plain(text: string): Yaml {
  if (text === '[]') return [];
  if (text === '{}') return {};
  if (/^(?:null|Null|NULL|~)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  // YAML 1.1, as PyYAML has it: an exponent only after a point, a leading zero only before one.
  if (/^[-+]?(?:0|[1-9]\d*|\d+\.\d*(?:[eE][-+]\d+)?|\.\d+(?:[eE][-+]\d+)?)$/.test(text)) return Number(text);
  return text;
}

/** The key at the head of a line, quoted or plain, and what follows its colon. */
function keyOf(text: string): { key: string; rest: string } | undefined {
  const match =
    /^(?:'((?:[^']|'')*)'|"((?:[^"\\]|\\.)*)"|([^\s'"&*!|>%@`{[#][^:#]*?(?::\S[^:#]*?)*))\s*:(?:\s+(.*))?$/.exec(
      text,
    );
  if (!match) return undefined;
  const [, single, double, bare, rest = ''] = match;
  const key = single?.replaceAll("''", "'") ?? (double === undefined ? undefined : unescaped(double)) ?? bare;
  return key === undefined ? undefined : { key, rest };
}

function isItem(text: string): boolean {
  return text === '-' || text.startsWith('- ');
}

function peek(reader: Reader): Line | undefined {
  skipBlank(reader);
  return reader.lines[reader.at];
}

function skipBlank(reader: Reader): void {
  while (reader.lines[reader.at]?.text === '') reader.at++;
}

function unknown(reader: Reader): SyntaxError {
  const line = reader.lines[Math.min(reader.at, reader.lines.length - 1)];
  return new SyntaxError(`This YAML has something unknown near "${line?.text.slice(0, 40) ?? ''}".`);
}
