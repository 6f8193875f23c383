import type { Lineage, LineageEdge, LineageNode } from '../api/registry.ts';
import { Icon } from '../parts/Icon.tsx';
import { Table } from '../parts/Table.tsx';
import { Moment } from '../parts/Time.tsx';
import { factsText, hrefOf, kindOf } from './nodes.ts';

/** Every edge in words: for readers who hear the page, and for a graph that is too large to look at. */
export function LineageList({ lineage: { nodes, edges } }: { readonly lineage: Lineage }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  if (edges.length === 0) return null;
  return (
    <Table<LineageEdge>
      label="Lineage as a list"
      rows={edges}
      rowKey={({ from, to, kind }) => `${from} ${to} ${kind}`}
      columns={[
        { title: 'From', cell: ({ from }) => <Name id={from} node={byId.get(from)} /> },
        { title: 'How', cell: ({ kind }) => kind.replaceAll('-', ' ') },
        { title: 'To', cell: ({ to }) => <Name id={to} node={byId.get(to)} /> },
        { title: 'When', cell: ({ at }) => <Moment at={at} /> },
      ]}
    />
  );
}

function Name({ id, node }: { readonly id: string; readonly node: LineageNode | undefined }) {
  if (!node) return <code>{id}</code>;
  const href = hrefOf(node);
  const { title, icon } = kindOf(node);
  return (
    <span className="dotted" title={factsText(node)}>
      <Icon name={icon} size={14} />
      <span className="hint">{title}</span>
      {href === undefined ? <span className="long">{node.label}</span> : <a href={href}>{node.label}</a>}
    </span>
  );
}
