/** A part of a line. */
export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis'; readonly parts: readonly Inline[] }
  | { readonly kind: 'link'; readonly href: string; readonly parts: readonly Inline[] };

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly parts: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly parts: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Block[])[] }
  | {
      readonly kind: 'table';
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    }
  | { readonly kind: 'rule' };

const nestingMax = 12;
const headingLine = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const fenceLine = /^ {0,3}(```+|~~~+)/;
const ruleLine = /^ {0,3}([-*_])\s*(?:\1\s*){2,}$/;
const itemLine = /^( {0,3})([-*+]|\d{1,9}[.)])\s+(.*)$/;
const quoteLine = /^ {0,3}>\s?(.*)$/;
const delimiterLine = /^ {0,3}\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/**
 * What Markdown says: headings, paragraphs, lists, tables, quotes and code; code, strong, emphasis and links
 * within a line. Whatever else stands there, HTML among it, is text. Links lead to http, https, and to pages
 * of this one (`#/…`); others are text.
 */
export function parseMarkdown(text: string): Block[] {
  return blocksOf(text.replaceAll('\r\n', '\n').split('\n'), 0);
}

/** A text without the YAML between two lines of dashes that it may begin with: that is for machines. */
export function withoutFrontMatter(text: string): string {
  return text.replace(/^---\r?\n(?:.*\r?\n)*?---\r?\n/, '');
}

function blocksOf(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const [block, next] =
      line.trim() === '' ? [undefined, at + 1] : blockAt(lines, at, Math.min(depth, nestingMax));
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

/** The block that begins at a line, and the line after it. */
function blockAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  const line = lines[at] ?? '';
  const heading = headingLine.exec(line);
  if (heading)
    return [{ kind: 'heading', level: heading[1]?.length ?? 1, parts: inlinesOf(heading[2] ?? '') }, at + 1];
  const fence = fenceLine.exec(line)?.[1];
  if (fence !== undefined) return codeAt(lines, at, fence);
  if (ruleLine.test(line)) return [{ kind: 'rule' }, at + 1];
  if (depth < nestingMax && quoteLine.test(line)) {
    const end = endOf(lines, at, (each) => quoteLine.test(each));
    const inner = lines.slice(at, end).map((each) => quoteLine.exec(each)?.[1] ?? '');
    return [{ kind: 'quote', blocks: blocksOf(inner, depth + 1) }, end];
  }
  if (depth < nestingMax && itemLine.test(line)) return listAt(lines, at, depth);
  if (line.includes('|') && delimiterLine.test(lines[at + 1] ?? '')) return tableAt(lines, at);
  const end = endOf(lines, at + 1, (each) => each.trim() !== '' && !opensBlock(each));
  const text = lines
    .slice(at, end)
    .map((each) => each.trim())
    .join('\n');
  return [{ kind: 'paragraph', parts: inlinesOf(text) }, end];
}

function codeAt(lines: readonly string[], at: number, fence: string): [Block, number] {
  const end = endOf(lines, at + 1, (each) => !each.trim().startsWith(fence));
  return [{ kind: 'code', text: lines.slice(at + 1, end).join('\n') }, end + 1];
}

/** Items go on with lines that are indented, and after an empty line where the next one is. */
function listAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  const [, indent = '', mark = ''] = itemLine.exec(lines[at] ?? '') ?? [];
  const ordered = /^\d/.test(mark);
  const items: string[][] = [];
  let end = at;
  for (; end < lines.length; end++) {
    const line = lines[end] ?? '';
    const item = itemLine.exec(line);
    const isSibling = item !== null && (item[1] ?? '').length < indent.length + 2;
    if (isSibling && /^\d/.test(item[2] ?? '') === ordered) items.push([item[3] ?? '']);
    else if (/^\s{2,}\S/.test(line)) items.at(-1)?.push(line.replace(/^(\t| {1,4})/, ''));
    else if (line.trim() === '' && /^( {2,}\S| {0,3}([-*+]|\d{1,9}[.)])\s)/.test(lines[end + 1] ?? ''))
      items.at(-1)?.push('');
    else break;
  }
  return [{ kind: 'list', ordered, items: items.map((item) => blocksOf(item, depth + 1)) }, end];
}

function tableAt(lines: readonly string[], at: number): [Block, number] {
  const head = cellsOf(lines[at] ?? '');
  const end = endOf(lines, at + 2, (each) => each.includes('|'));
  const rows = lines.slice(at + 2, end).map((line) => {
    const cells = cellsOf(line);
    return head.map((_, column) => cells[column] ?? []);
  });
  return [{ kind: 'table', head, rows }, end];
}

function cellsOf(line: string): Inline[][] {
  const inner = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => inlinesOf(cell.replaceAll('\\|', '|').trim()));
}

function opensBlock(line: string): boolean {
  return [headingLine, fenceLine, ruleLine, quoteLine, itemLine].some((pattern) => pattern.test(line));
}

function endOf(lines: readonly string[], from: number, isWithin: (line: string) => boolean): number {
  const end = lines.findIndex((line, at) => at >= from && !isWithin(line));
  return end === -1 ? lines.length : end;
}

const inlinePattern =
  /\\([!-/:-@[-`{-~])|(`+)([^`]|[^`].*?[^`])\2(?!`)|\[([^\]]*)\]\(([^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)|\*\*(?=\S)(.+?)\*\*|__(?=\S)(.+?)__(?!\w)|\*(?=[^\s*])(.+?)\*|(?<!\w)_(?=[^\s_])(.+?)_(?!\w)|<(https?:\/\/[^\s<>]+)>/s;

function inlinesOf(text: string, depth = 0): Inline[] {
  const parts: Inline[] = [];
  let rest = text;
  for (;;) {
    const match = depth < nestingMax ? inlinePattern.exec(rest) : null;
    if (!match) break;
    if (match.index > 0) parts.push({ kind: 'text', text: rest.slice(0, match.index) });
    parts.push(inlineOf(match, depth + 1));
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest !== '') parts.push({ kind: 'text', text: rest });
  return parts;
}

function inlineOf(match: RegExpExecArray, depth: number): Inline {
  const [whole, escaped, , code, label, target, starred, underlined, star, underline, address] = match;
  if (escaped !== undefined) return { kind: 'text', text: escaped };
  if (code !== undefined) return { kind: 'code', text: code.trim() };
  if (label !== undefined && target !== undefined) {
    const href = leadsTo(target);
    return href === undefined
      ? { kind: 'text', text: whole }
      : { kind: 'link', href, parts: inlinesOf(label === '' ? target : label, depth) };
  }
  if (address !== undefined) return { kind: 'link', href: address, parts: [{ kind: 'text', text: address }] };
  const strong = starred ?? underlined;
  return strong === undefined
    ? { kind: 'emphasis', parts: inlinesOf(star ?? underline ?? '', depth) }
    : { kind: 'strong', parts: inlinesOf(strong, depth) };
}

/** Where a link leads, where it may: what a browser would run as a script, or any other scheme, does not. */
function leadsTo(target: string): string | undefined {
  if (target.startsWith('#/')) return target;
  const url = URL.canParse(target) ? new URL(target) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.href : undefined;
}
