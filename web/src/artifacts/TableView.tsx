import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { counted } from '../parts/format.ts';
import { BlobView } from './BlobView.tsx';
import type { Table } from './delimited.ts';
import { listingQuery, type Source, startQuery } from './files.ts';
import { cellText, imageOf } from './logged-table.ts';

const rowPixels = 30;
const imageRowPixels = 96;
const columnsMax = 200;
const characterPixels = 8.2;
const paddingPixels = 26;
const widthPixelsMin = 64;
const widthPixelsMax = 320;
/** Rows that tell how wide a column is, and whether it has numbers or images. */
const sampledRows = 100;
const imageBytesMax = 2 * 1024 * 1024;

/** A table that may be long: rows in sight are drawn, the head stays. */
export function TableView({ source, table }: { readonly source: Source; readonly table: Table }) {
  const { rows, cut } = table;
  const columns = table.columns.slice(0, columnsMax);
  const scroller = useRef<HTMLDivElement>(null);
  const shapes = useMemo(
    () => table.columns.slice(0, columnsMax).map((name, at) => shapeOf(name, rows, at)),
    [table.columns, rows],
  );
  const height = shapes.some(({ kind }) => kind === 'image') ? imageRowPixels : rowPixels;
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 10,
  });
  const template = `${String(rows.length).length + 2}ch ${shapes.map(({ pixels }) => `${pixels}px`).join(' ')} minmax(0, 1fr)`;
  const style = { gridTemplateColumns: template };
  const hidden = table.columns.length - columns.length;
  return (
    <>
      <p className="artifact-note">
        {counted(rows.length, 'row')}
        {cut && ', the beginning of the file'}, {counted(table.columns.length, 'column')}
        {hidden > 0 && `, the last ${hidden} of them not shown`}
      </p>
      <div
        ref={scroller}
        className="artifact-table"
        role="table"
        aria-label="Table"
        aria-rowcount={rows.length + 1}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <div role="rowgroup" className="artifact-table-head">
          <div role="row" aria-rowindex={1} style={style}>
            <span role="columnheader" className="line-number">
              <span className="hidden">Row</span>
            </span>
            {columns.map((name, at) => (
              <span
                // oxlint-disable-next-line react/no-array-index-key -- columns may share a name, and do not move
                key={at}
                role="columnheader"
                className={shapes[at]?.kind === 'number' ? 'clip number' : 'clip'}
                title={name}
              >
                {name}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" className="artifact-table-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <div
              key={index}
              role="row"
              aria-rowindex={index + 2}
              style={{ ...style, height, transform: `translateY(${start}px)` }}
            >
              <span role="rowheader" className="line-number">
                {index + 1}
              </span>
              {columns.map((name, at) => {
                const cell = rows[index]?.[at];
                const image = imageOf(cell);
                const text = cellText(cell);
                return (
                  <span
                    // oxlint-disable-next-line react/no-array-index-key -- as above
                    key={at}
                    role="cell"
                    className={shapes[at]?.kind === 'number' ? 'clip number' : 'clip'}
                    title={image ? undefined : text}
                  >
                    {image ? <CellImage source={source} path={image.image} label={name} /> : text}
                  </span>
                );
              })}
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

/** An image that a cell refers to, among the same run's files. */
function CellImage({
  source,
  path,
  label,
}: {
  readonly source: Source;
  readonly path: string;
  readonly label: string;
}) {
  const folder = useQuery(listingQuery(source, path.slice(0, Math.max(0, path.lastIndexOf('/')))));
  const file = folder.data?.find((each) => each.path === path);
  const start = useQuery({
    ...startQuery(source, file ?? { path, is_dir: false }, imageBytesMax),
    enabled: file !== undefined,
  });
  if (!start.data?.whole) return <span title={path}>{label}</span>;
  return <BlobView path={path} kind="image" bytes={start.data.bytes} />;
}

type Shape = { readonly kind: 'text' | 'number' | 'image'; readonly pixels: number };

function shapeOf(name: string, rows: Table['rows'], at: number): Shape {
  const cells = rows.slice(0, sampledRows).map((row) => row[at]);
  if (cells.some((cell) => imageOf(cell))) return { kind: 'image', pixels: 140 };
  const texts = cells.map(cellText);
  const longest = texts.reduce((most, { length }) => Math.max(most, length), name.length);
  const present = texts.filter((text) => text !== '');
  const numeric =
    present.length > 0 && present.every((text) => Number.isFinite(Number(text)) || text === 'NaN');
  const pixels = Math.round(longest * characterPixels + paddingPixels);
  return {
    kind: numeric ? 'number' : 'text',
    pixels: Math.min(Math.max(pixels, widthPixelsMin), widthPixelsMax),
  };
}
