export type Link = { readonly from: string; readonly to: string };
export type Size = {
  readonly width: number;
  readonly height: number;
  /** Between layers, for the links. */
  readonly gapAcross: number;
  /** Between the nodes of a layer. */
  readonly gapDown: number;
};
export type Point = { readonly x: number; readonly y: number };
export type Layout<L extends Link> = {
  /** The upper left corner of each node. */
  readonly places: ReadonlyMap<string, Point>;
  /** Where each link goes along, from the right side of one node to the left side of the other. */
  readonly routes: readonly { readonly link: L; readonly points: readonly Point[] }[];
  readonly width: number;
  readonly height: number;
};

const sweeps = 8;
/** Of the height of a node: what a link takes that passes a layer. */
const passingShare = 0.3;

/** A node of a layer, or the place where a link passes it. */
type Slot = { readonly id: string; readonly rank: number; readonly isNode: boolean };
type Graph = {
  readonly layers: Slot[][];
  readonly before: ReadonlyMap<string, readonly string[]>;
  readonly after: ReadonlyMap<string, readonly string[]>;
};

/**
 * Layers from left to right, in the manner of Sugiyama: each node right of all that lead to it, links that pass
 * a layer as places in it, the order of a layer by the middle of its neighbours, heights that keep links
 * straight. The same input gives the same picture. Links of a circle that lead back are drawn backwards.
 */
export function layout<L extends Link>(ids: readonly string[], links: readonly L[], size: Size): Layout<L> {
  const known = new Set(ids);
  const drawn = links.filter(({ from, to }) => known.has(from) && known.has(to) && from !== to);
  const ranks = ranksOf(ids, drawn);
  const { graph, chains } = withPassing(ids, drawn, ranks);
  order(graph);
  const ys = heights(graph, size);
  const top = Math.min(0, ...ys.values());
  const place = (id: string, rank: number): Point => ({
    x: rank * (size.width + size.gapAcross),
    y: (ys.get(id) ?? 0) - top,
  });
  const places = new Map(ids.map((id) => [id, place(id, ranks.get(id) ?? 0)]));
  const routes = drawn.map((link, at) => {
    const middle = (id: string, rank: number) => {
      const { x, y } = place(id, rank);
      return { x, y: y + heightOf(known.has(id), size) / 2 };
    };
    const from = middle(link.from, ranks.get(link.from) ?? 0);
    const to = middle(link.to, ranks.get(link.to) ?? 0);
    const between = (chains[at] ?? []).flatMap(({ id, rank }) => {
      const { x, y } = middle(id, rank);
      return [
        { x, y },
        { x: x + size.width, y },
      ];
    });
    return { link, points: [{ x: from.x + size.width, y: from.y }, ...between, to] };
  });
  const right = Math.max(0, ...[...places.values()].map(({ x }) => x + size.width));
  const bottom = Math.max(
    0,
    ...graph.layers.flat().map(({ id, isNode }) => place(id, 0).y + heightOf(isNode, size)),
  );
  return { places, routes, width: right, height: bottom };
}

/** A curve through the points of a route, as the path of an SVG. */
export function pathOf(points: readonly Point[]): string {
  const [first, ...others] = points;
  if (!first) return '';
  let path = `M${first.x} ${first.y}`;
  let last = first;
  for (const point of others) {
    const half = (point.x - last.x) / 2;
    path +=
      point.y === last.y
        ? `L${point.x} ${point.y}`
        : `C${last.x + half} ${last.y} ${point.x - half} ${point.y} ${point.x} ${point.y}`;
    last = point;
  }
  return path;
}

function heightOf(isNode: boolean, { height }: Size): number {
  return isNode ? height : height * passingShare;
}

/** The layer of each node: the longest way to it from where nothing leads to; what leads on is drawn near it. */
function ranksOf(ids: readonly string[], links: readonly Link[]): Map<string, number> {
  const forward = withoutCircles(ids, links);
  const after = grouped(forward, 'from', 'to');
  const before = grouped(forward, 'to', 'from');
  const open = new Map(ids.map((id) => [id, before.get(id)?.length ?? 0]));
  const ready = ids.filter((id) => open.get(id) === 0);
  const ranks = new Map(ids.map((id) => [id, 0]));
  for (const id of ready)
    for (const next of after.get(id) ?? []) {
      ranks.set(next, Math.max(ranks.get(next) ?? 0, (ranks.get(id) ?? 0) + 1));
      const left = (open.get(next) ?? 1) - 1;
      open.set(next, left);
      if (left === 0) ready.push(next);
    }
  for (const id of ready.toReversed()) {
    const following = (after.get(id) ?? []).map((next) => ranks.get(next) ?? 0);
    if (following.length > 0 && !before.get(id)) ranks.set(id, Math.min(...following) - 1);
  }
  return ranks;
}

/** The links without those that lead back to where one came from. */
function withoutCircles(ids: readonly string[], links: readonly Link[]): Link[] {
  const outgoing = Map.groupBy(links, ({ from }) => from);
  const states = new Map<string, 'open' | 'done'>();
  const kept: Link[] = [];
  for (const start of ids) {
    if (states.has(start)) continue;
    states.set(start, 'open');
    const path = [{ id: start, at: 0 }];
    for (let step = path.at(-1); step; step = path.at(-1)) {
      const link = outgoing.get(step.id)?.[step.at++];
      if (!link) {
        states.set(step.id, 'done');
        path.pop();
      } else if (states.get(link.to) !== 'open') {
        kept.push(link);
        if (!states.has(link.to)) {
          states.set(link.to, 'open');
          path.push({ id: link.to, at: 0 });
        }
      }
    }
  }
  return kept;
}

/** The layers with a place in each that a link passes; `chains` are those of each link. */
function withPassing(ids: readonly string[], links: readonly Link[], ranks: ReadonlyMap<string, number>) {
  const layers: Slot[][] = [];
  const put = (slot: Slot) => (layers[slot.rank] ??= []).push(slot);
  for (const id of ids) put({ id, rank: ranks.get(id) ?? 0, isNode: true });
  const steps: Link[] = [];
  const chains = links.map(({ from, to }, at) => {
    const [start, end] = [ranks.get(from) ?? 0, ranks.get(to) ?? 0];
    const passed = Array.from(
      { length: Math.max(0, end - start - 1) },
      (_, step): Slot => ({ id: `${at} passes ${start + step + 1}`, rank: start + step + 1, isNode: false }),
    );
    passed.forEach(put);
    const way = [from, ...passed.map(({ id }) => id), to];
    if (start < end)
      for (const [step, id] of way.slice(1).entries()) steps.push({ from: way[step] ?? from, to: id });
    return passed;
  });
  const graph: Graph = {
    layers,
    before: grouped(steps, 'to', 'from'),
    after: grouped(steps, 'from', 'to'),
  };
  return { graph, chains };
}

/** Sorts each layer by the middle of its neighbours, back and forth. */
function order({ layers, before, after }: Graph): void {
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forth = sweep % 2 === 0;
    const neighbours = forth ? before : after;
    const places = new Map(layers.flatMap((layer) => layer.map(({ id }, at) => [id, at] as const)));
    for (const layer of forth ? layers : layers.toReversed()) {
      const middles = new Map(
        layer.map(({ id }, at) => [id, middleOf(neighbours.get(id), places) ?? at] as const),
      );
      layer.sort((a, b) => (middles.get(a.id) ?? 0) - (middles.get(b.id) ?? 0));
      for (const [at, { id }] of layer.entries()) places.set(id, at);
    }
  }
}

/** How far down each place of each layer begins: near its neighbours, and none over another. */
function heights({ layers, before, after }: Graph, size: Size): Map<string, number> {
  const ys = new Map<string, number>();
  for (const layer of layers) settle(layer, () => 0, ys, size);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forth = sweep % 2 === 0;
    const middles = new Map(
      layers.flat().map(({ id, isNode }) => [id, (ys.get(id) ?? 0) + heightOf(isNode, size) / 2]),
    );
    for (const layer of forth ? layers : layers.toReversed()) {
      settle(
        layer,
        ({ id, isNode }) =>
          (middleOf((forth ? before : after).get(id), middles) ?? middles.get(id) ?? 0) -
          heightOf(isNode, size) / 2,
        ys,
        size,
      );
      for (const { id, isNode } of layer) middles.set(id, (ys.get(id) ?? 0) + heightOf(isNode, size) / 2);
    }
  }
  return ys;
}

/**
 * Puts the places of a layer as near to where each wants to be as the others let it, by least squares: pools of
 * neighbours that want to be over each other stand around the mean of what they want.
 */
function settle(
  layer: readonly Slot[],
  wantedY: (slot: Slot) => number,
  ys: Map<string, number>,
  size: Size,
): void {
  type Pool = { slots: { slot: Slot; offset: number }[]; sum: number };
  const pools: Pool[] = [];
  let offset = 0;
  for (const slot of layer) {
    pools.push({ slots: [{ slot, offset }], sum: wantedY(slot) - offset });
    offset += heightOf(slot.isNode, size) + size.gapDown;
    for (;;) {
      const [above, below] = pools.slice(-2);
      if (!above || !below || above.sum / above.slots.length <= below.sum / below.slots.length) break;
      pools.splice(-2, 2, { slots: [...above.slots, ...below.slots], sum: above.sum + below.sum });
    }
  }
  for (const { slots, sum } of pools)
    for (const { slot, offset: within } of slots) ys.set(slot.id, Math.round(sum / slots.length + within));
}

function middleOf(
  ids: readonly string[] | undefined,
  places: ReadonlyMap<string, number>,
): number | undefined {
  if (!ids || ids.length === 0) return undefined;
  return ids.reduce((sum, id) => sum + (places.get(id) ?? 0), 0) / ids.length;
}

function grouped(links: readonly Link[], by: keyof Link, of: keyof Link): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const link of links) groups.set(link[by], [...(groups.get(link[by]) ?? []), link[of]]);
  return groups;
}
