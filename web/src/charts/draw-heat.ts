import type { Theme } from '../app/theme.ts';
import { heatColor, type HeatLayout, type HeatPlace, markColor } from './heat.ts';
import type { HeatCell, HeatColumn } from './HeatMap.tsx';
import { timeTicks } from './timeline.ts';

export type HeatDrawing = {
  readonly layout: HeatLayout;
  readonly rows: readonly string[];
  readonly columns: readonly HeatColumn[];
  readonly cell: (place: HeatPlace) => HeatCell | undefined;
  readonly chosen: Partial<HeatPlace>;
  readonly scrolled: { readonly left: number; readonly top: number };
  /** Of what is seen, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
};

type Inks = Readonly<Record<'card' | 'ink' | 'soft' | 'line' | 'strong' | 'accent' | 'font', string>>;

const waySteps = 16;
/** Beyond it all have one colour. */
const wayMax = 4;

/** Draws what is seen of a map: its cells, the names of rows at their left, times below and marks above. */
export function drawHeat(canvas: HTMLCanvasElement, drawing: HeatDrawing): void {
  const { width, height } = drawing;
  const density = globalThis.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const on = canvas.getContext('2d');
  if (!on) return;
  on.scale(density, density);
  const inks = inksNow();
  on.textBaseline = 'middle';
  drawCells(on, drawing, inks);
  drawNames(on, drawing, inks);
  drawTimes(on, drawing, inks);
}

function inksNow(): Inks {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    card: of('--card'),
    ink: of('--ink'),
    soft: of('--soft'),
    line: of('--line'),
    strong: of('--line-strong'),
    accent: of('--accent'),
    font: `11px ${of('--sans') || 'sans-serif'}`,
  };
}

function drawCells(on: CanvasRenderingContext2D, drawing: HeatDrawing, inks: Inks): void {
  const { layout, cell, chosen, scrolled, width, height, theme } = drawing;
  const { gutter, columnWidth, rowHeight, top, bottom } = layout;
  on.save();
  on.beginPath();
  on.rect(gutter, top, width - gutter, height - top - bottom);
  on.clip();
  const first = {
    column: Math.floor(scrolled.left / columnWidth),
    row: Math.floor(scrolled.top / rowHeight),
  };
  const last = {
    column: Math.min(layout.columns - 1, Math.ceil((scrolled.left + width - gutter) / columnWidth)),
    row: Math.min(layout.rows - 1, Math.ceil((scrolled.top + height) / rowHeight)),
  };
  const gap = columnWidth < 7 ? 0.5 : 1;
  const corner = (place: HeatPlace) =>
    [
      gutter + place.column * columnWidth - scrolled.left,
      top + place.row * rowHeight - scrolled.top,
    ] as const;
  // To set a colour costs more than to fill a cell: those of one colour are filled together.
  const byColor = new Map<string, (readonly [x: number, y: number])[]>();
  const marks = new Map<string, (readonly [x: number, y: number])[]>();
  for (let row = first.row; row <= last.row; row++)
    for (let column = first.column; column <= last.column; column++) {
      const found = cell({ row, column });
      const place = corner({ row, column });
      if (found?.way === undefined) add(byColor, '', place);
      else {
        const way = Math.round(Math.min(found.way, wayMax) * waySteps) / waySteps;
        add(byColor, heatColor(way, theme), place);
        if (found.isMarked) add(marks, markColor(way, theme), place);
      }
    }
  for (const [color, places] of byColor) {
    on.fillStyle = color || inks.strong;
    for (const [x, y] of places)
      if (color) on.fillRect(x, y, columnWidth - gap, rowHeight - gap);
      else on.fillRect(x + columnWidth / 2 - 1, y + rowHeight / 2 - 0.5, 2, 1);
  }
  // Not by its colour alone is a breach told.
  const size = Math.min(5, columnWidth - 2, rowHeight - 4);
  for (const [color, places] of marks) {
    on.fillStyle = color;
    for (const [x, y] of places)
      on.fillRect(x + (columnWidth - gap - size) / 2, y + (rowHeight - gap - size) / 2, size, size);
  }
  if (chosen.column !== undefined) {
    const [x] = corner({ row: 0, column: chosen.column });
    on.strokeStyle = inks.ink;
    on.lineWidth = 1.5;
    on.strokeRect(x - 0.75, top - scrolled.top, columnWidth + 0.5, layout.rows * rowHeight);
  }
  if (chosen.row !== undefined && chosen.column !== undefined) {
    const [x, y] = corner({ row: chosen.row, column: chosen.column });
    on.lineWidth = 2;
    on.strokeStyle = inks.ink;
    on.strokeRect(x - 0.5, y - 0.5, columnWidth, rowHeight);
  }
  on.restore();
}

function add<T>(to: Map<string, T[]>, name: string, value: T): void {
  const list = to.get(name);
  if (list) list.push(value);
  else to.set(name, [value]);
}

function drawNames(on: CanvasRenderingContext2D, drawing: HeatDrawing, inks: Inks): void {
  const { layout, rows, chosen, scrolled, height } = drawing;
  const { gutter, rowHeight, top, bottom } = layout;
  on.save();
  on.beginPath();
  on.rect(0, top, gutter, height - top - bottom);
  on.clip();
  on.textAlign = 'right';
  for (const [row, name] of rows.entries()) {
    const y = top + (row + 0.5) * rowHeight - scrolled.top;
    if (y < top - rowHeight || y > height) continue;
    const isChosen = row === chosen.row;
    on.fillStyle = isChosen ? inks.accent : inks.ink;
    on.font = isChosen ? `600 ${inks.font}` : inks.font;
    on.fillText(fitted(on, name, gutter - 10), gutter - 7, y);
  }
  on.restore();
}

function drawTimes(on: CanvasRenderingContext2D, drawing: HeatDrawing, inks: Inks): void {
  const { layout, columns, scrolled, width, height } = drawing;
  const { gutter, columnWidth, top, bottom } = layout;
  const middle = (column: number) => gutter + (column + 0.5) * columnWidth - scrolled.left;
  const room = width - gutter;
  on.font = inks.font;
  on.save();
  on.beginPath();
  on.rect(gutter - 30, 0, room + 30, height);
  on.clip();
  on.textAlign = 'center';
  on.fillStyle = inks.soft;
  const times = columns.map(({ at }) => at);
  for (const { index, label } of timeTicks(times, columnWidth)) {
    const half = on.measureText(label).width / 2;
    const x = middle(index);
    if (x < gutter || x > width) continue;
    on.fillStyle = inks.strong;
    on.fillRect(x - 0.5, height - bottom + 1, 1, 4);
    on.fillStyle = inks.soft;
    on.fillText(label, Math.min(Math.max(x, gutter + half), width - half - 1), height - bottom / 2 + 2);
  }
  on.textAlign = 'left';
  let free = gutter;
  for (const [column, { mark }] of columns.entries()) {
    if (mark === undefined) continue;
    const x = middle(column) - columnWidth / 2;
    if (x < gutter - 1 || x < free || x > width - 8) continue;
    on.fillStyle = inks.strong;
    on.fillRect(x, 3, 1, top - 4);
    on.fillStyle = inks.soft;
    on.fillText(mark, x + 4, top / 2);
    free = x + on.measureText(mark).width + 10;
  }
  on.restore();
}

/** As much of a name as there is room for. */
function fitted(on: CanvasRenderingContext2D, name: string, width: number): string {
  if (on.measureText(name).width <= width) return name;
  let kept = name.length - 1;
  while (kept > 1 && on.measureText(`${name.slice(0, kept)}…`).width > width) kept--;
  return `${name.slice(0, kept)}…`;
}
