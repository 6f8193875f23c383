/**
 * Text of users as a piece of a Markdown line that shows it as it is: no markup, no HTML, no end of a table
 * cell, no line of its own. CommonMark 0.31 takes a backslash before any punctuation; `<`, `>` and `&` are
 * entities, which older renderers know too.
 */
export function inline(text: string): string {
  return (
    visible(text)
      .replaceAll(/\s+/g, ' ')
      .trim()
      .replaceAll(/[\\`*_{}[\]#|~$@]/g, String.raw`\$&`)
      .replaceAll(/[<>&]/g, (character) => entities[character] ?? '')
      // At the start of a line or an item these would begin a list, or underline a heading.
      .replace(/^(?:[-+](?=[\s-]|$)|=)/, String.raw`\$&`)
      .replace(/^(\d+)([.)])(?=\s|$)/, String.raw`$1\$2`)
      // GitHub makes links of these unasked.
      .replaceAll('://', String.raw`\://`)
      .replaceAll(/\bwww\./gi, (found) => `${found.slice(0, 3)}\\.`)
  );
}

/** The same of several paragraphs. */
export function paragraphs(text: string): string {
  return visible(text)
    .split(/\n\s*\n/)
    .map((paragraph) => nonEmpty(paragraph.split('\n').map(inline)).join('\n'))
    .filter((paragraph) => paragraph !== '')
    .join('\n\n');
}

/** A table, or what stands instead of an empty one. Cells are Markdown already. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  otherwise: string,
): string {
  if (rows.length === 0) return otherwise;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

const entities: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;' };

function nonEmpty(lines: readonly string[]): string[] {
  return lines.filter((line) => line !== '');
}

/** Without characters that nobody sees: controls, and those that turn the direction of what follows. */
function visible(text: string): string {
  return text
    .replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) =>
      character === '\n' || character === '\t' ? character : '',
    );
}
