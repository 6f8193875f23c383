import { Fragment, type ReactNode, useMemo } from 'react';
import { type Block, type Inline, parseMarkdown } from './parse.ts';
import './markdown.css';

type MarkdownProps = {
  readonly text: string;
  /** The level of its highest heading: below that of the part it stands in. */
  readonly headingLevel?: number;
};

/** Markdown as elements made of its text nodes: nothing in it becomes markup of the page. */
export function Markdown({ text, headingLevel = 3 }: MarkdownProps) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return (
    <div className="markdown">
      <Blocks blocks={blocks} headingLevel={headingLevel} />
    </div>
  );
}

// What stands in a text has no name but its place; a text that changes is drawn anew.
function Blocks({
  blocks,
  headingLevel,
}: {
  readonly blocks: readonly Block[];
  readonly headingLevel: number;
}) {
  return blocks.map((block, at) => (
    // oxlint-disable-next-line react/no-array-index-key -- see above
    <Fragment key={at}>{elementOf(block, headingLevel)}</Fragment>
  ));
}

function elementOf(block: Block, headingLevel: number): ReactNode {
  switch (block.kind) {
    case 'heading': {
      const Heading = headings[Math.min(block.level + headingLevel - 2, headings.length - 1)] ?? 'h6';
      return (
        <Heading>
          <Inlines parts={block.parts} />
        </Heading>
      );
    }
    case 'paragraph':
      return (
        <p>
          <Inlines parts={block.parts} />
        </p>
      );
    case 'code':
      return (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      );
    case 'rule':
      return <hr />;
    case 'quote':
      return (
        <blockquote>
          <Blocks blocks={block.blocks} headingLevel={headingLevel} />
        </blockquote>
      );
    case 'list': {
      const List = block.ordered ? 'ol' : 'ul';
      return (
        <List>
          {block.items.map((item, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- see above
            <li key={at}>
              {isLine(item) ? (
                <Inlines parts={item[0].parts} />
              ) : (
                <Blocks blocks={item} headingLevel={headingLevel} />
              )}
            </li>
          ))}
        </List>
      );
    }
    case 'table':
      return <TableOf head={block.head} rows={block.rows} />;
  }
}

const headings = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'] as const;

function isLine(item: readonly Block[]): item is readonly [Extract<Block, { kind: 'paragraph' }>] {
  return item.length === 1 && item[0]?.kind === 'paragraph';
}

function TableOf({ head, rows }: Omit<Extract<Block, { kind: 'table' }>, 'kind'>) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="scroll" role="group" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell, at) => (
              // oxlint-disable-next-line react/no-array-index-key -- see above
              <th key={at} scope="col">
                <Inlines parts={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- see above
            <tr key={at}>
              {cells.map((cell, column) => (
                // oxlint-disable-next-line react/no-array-index-key -- see above
                <td key={column}>
                  <Inlines parts={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Inlines({ parts }: { readonly parts: readonly Inline[] }) {
  return parts.map((part, at) => (
    // oxlint-disable-next-line react/no-array-index-key -- see above
    <Fragment key={at}>{inlineElementOf(part)}</Fragment>
  ));
}

function inlineElementOf(part: Inline): ReactNode {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'code':
      return <code>{part.text}</code>;
    case 'strong':
      return (
        <strong>
          <Inlines parts={part.parts} />
        </strong>
      );
    case 'emphasis':
      return (
        <em>
          <Inlines parts={part.parts} />
        </em>
      );
    case 'link':
      return (
        <a href={part.href} rel="noreferrer">
          <Inlines parts={part.parts} />
        </a>
      );
  }
}
