import { useState } from 'react';
import { Icon } from '../parts/Icon.tsx';

const openDepth = 2;
const openEntriesMax = 30;
const shownAtOnce = 100;
const textCharactersMax = 2000;

/** JSON as a tree: what is large or deep is closed until it is opened. */
export function JsonView({ json }: { readonly json: unknown }) {
  return (
    <div className="json">
      <Node value={json} depth={0} />
    </div>
  );
}

type NodeProps = { readonly name?: string; readonly value: unknown; readonly depth: number };

function Node({ name, value, depth }: NodeProps) {
  const entries = entriesOf(value);
  const [open, setOpen] = useState(depth < openDepth && (entries?.length ?? 0) <= openEntriesMax);
  const [most, setMost] = useState(shownAtOnce);
  const label = name !== undefined && <span className="json-key">{name}: </span>;
  if (!entries || entries.length === 0)
    return (
      <div className="json-leaf">
        {label}
        <span className={`json-${kindOf(value)}`}>{leafText(value)}</span>
      </div>
    );
  return (
    <>
      <button type="button" className="json-node" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} size={12} />
        {label}
        <span className="hint">{Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </button>
      {open && (
        <ul>
          {entries.slice(0, most).map(([key, each]) => (
            <li key={key}>
              <Node name={key} value={each} depth={depth + 1} />
            </li>
          ))}
          {entries.length > most && (
            <li>
              <button type="button" className="link" onClick={() => setMost(most + shownAtOnce)}>
                Show more of {entries.length}
              </button>
            </li>
          )}
        </ul>
      )}
    </>
  );
}

function entriesOf(value: unknown): [string, unknown][] | undefined {
  return typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function leafText(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > textCharactersMax ? `${text.slice(0, textCharactersMax)} …` : text;
}
