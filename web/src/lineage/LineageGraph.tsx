import { type KeyboardEvent, useEffect, useMemo, useRef } from 'react';
import type { Lineage, LineageNode } from '../api/registry.ts';
import { Icon } from '../parts/Icon.tsx';
import { layout, pathOf, type Size } from './layout.ts';
import { factsText, hrefOf, kindOf } from './nodes.ts';

const size: Size = { width: 190, height: 50, gapAcross: 70, gapDown: 18 };
const marginPixels = 16;

/** A graph from left to right. Its nodes are links, which arrow keys walk along the edges. */
export function LineageGraph({ lineage }: { readonly lineage: Lineage }) {
  const { node: centre, nodes, edges } = lineage;
  const scroller = useRef<HTMLDivElement>(null);
  const drawn = useMemo(
    () =>
      layout(
        nodes.map(({ id }) => id),
        edges,
        size,
      ),
    [nodes, edges],
  );
  const at = drawn.places.get(centre);
  useEffect(() => {
    const box = scroller.current;
    if (box && at) box.scrollLeft = at.x + size.width / 2 - box.clientWidth / 2;
  }, [at]);

  /** To the next node along an edge, or up and down within a layer. */
  const walk = (event: KeyboardEvent, id: string) => {
    const next = neighbourOf(event.key, id, lineage, drawn.places);
    if (next === undefined) return;
    event.preventDefault();
    scroller.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(next)}"]`)?.focus();
  };

  return (
    <div ref={scroller} className="lineage" role="group" aria-label="Lineage as a graph">
      <div
        className="lineage-plane"
        style={{ width: drawn.width + 2 * marginPixels, height: drawn.height + 2 * marginPixels }}
      >
        <svg
          width={drawn.width + 2 * marginPixels}
          height={drawn.height + 2 * marginPixels}
          viewBox={`${-marginPixels} ${-marginPixels} ${drawn.width + 2 * marginPixels} ${drawn.height + 2 * marginPixels}`}
          aria-hidden="true"
        >
          <defs>
            <marker
              id="lineage-arrow"
              viewBox="0 0 8 8"
              refX="8"
              refY="4"
              markerWidth="7"
              markerHeight="7"
              orient="auto"
            >
              <path d="M0 0 8 4 0 8Z" />
            </marker>
          </defs>
          {drawn.routes.map(({ link, points }) => (
            <path
              key={`${link.from} ${link.to} ${link.kind}`}
              className={link.from === centre || link.to === centre ? 'near' : undefined}
              d={pathOf(points)}
              markerEnd="url(#lineage-arrow)"
            >
              <title>{link.kind.replaceAll('-', ' ')}</title>
            </path>
          ))}
        </svg>
        {nodes.map((node) => {
          const place = drawn.places.get(node.id);
          return (
            place && (
              <Node
                key={node.id}
                node={node}
                isCentre={node.id === centre}
                left={place.x + marginPixels}
                top={place.y + marginPixels}
                onKeyDown={(event) => walk(event, node.id)}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

type NodeProps = {
  readonly node: LineageNode;
  readonly isCentre: boolean;
  readonly left: number;
  readonly top: number;
  readonly onKeyDown: (event: KeyboardEvent) => void;
};

function Node({ node, isCentre, left, top, onKeyDown }: NodeProps) {
  const { title, icon } = kindOf(node);
  const href = hrefOf(node);
  const outside = href !== undefined && !href.startsWith('#');
  const look = {
    className: isCentre ? 'lineage-node centre' : 'lineage-node',
    style: { left, top, width: size.width, height: size.height },
    title: [node.label, factsText(node)].filter(Boolean).join('\n'),
    'data-id': node.id,
    onKeyDown,
  };
  const content = (
    <>
      <span className="lineage-kind">
        <Icon name={icon} size={12} /> {title}
      </span>
      <span className="clip">{node.label}</span>
    </>
  );
  if (href === undefined)
    return (
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- arrow keys walk the graph over it
      <div {...look} role="group" aria-label={`${title} ${node.label}`} tabIndex={0}>
        {content}
      </div>
    );
  return (
    <a
      {...look}
      href={href}
      aria-current={isCentre ? 'true' : undefined}
      {...(outside ? { target: '_blank', rel: 'noreferrer' } : {})}
    >
      {content}
    </a>
  );
}

function neighbourOf(
  key: string,
  id: string,
  { edges }: Lineage,
  places: ReadonlyMap<string, { readonly x: number; readonly y: number }>,
): string | undefined {
  const from = places.get(id);
  if (!from) return undefined;
  const nearest = (ids: readonly string[]) =>
    ids.toSorted(
      (a, b) => Math.abs((places.get(a)?.y ?? 0) - from.y) - Math.abs((places.get(b)?.y ?? 0) - from.y),
    )[0];
  const inLayer = (isWanted: (y: number) => boolean) =>
    nearest([...places].filter(([, { x, y }]) => x === from.x && isWanted(y)).map(([other]) => other));
  switch (key) {
    case 'ArrowRight':
      return nearest(edges.filter((edge) => edge.from === id).map(({ to }) => to));
    case 'ArrowLeft':
      return nearest(edges.filter((edge) => edge.to === id).map((edge) => edge.from));
    case 'ArrowUp':
      return inLayer((y) => y < from.y);
    case 'ArrowDown':
      return inLayer((y) => y > from.y);
    default:
      return undefined;
  }
}
