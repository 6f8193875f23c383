import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Artifact } from '../api/types.ts';
import { Empty } from '../parts/Empty.tsx';
import { byteSize } from '../parts/format.ts';
import { Loaded } from '../parts/Loading.tsx';
import { BlobView } from './BlobView.tsx';
import { Download } from './Download.tsx';
import { parseDelimited } from './delimited.ts';
import { type Source, type Start, startQuery } from './files.ts';
import { HtmlView } from './HtmlView.tsx';
import { JsonView } from './JsonView.tsx';
import { type Kind, kindOf, nameOf, textOf } from './kinds.ts';
import { loggedTable } from './logged-table.ts';
import { ModelView } from './ModelView.tsx';
import { TableView } from './TableView.tsx';
import { TextView } from './TextView.tsx';

const mebibyte = 1024 * 1024;
/** Of what can be shown in part, that part; of what cannot, the most that is shown at all. */
const bytesMax: Readonly<Record<Kind, number>> = {
  text: mebibyte,
  table: 2 * mebibyte,
  json: 4 * mebibyte,
  model: mebibyte,
  unknown: mebibyte / 4,
  html: 8 * mebibyte,
  image: 24 * mebibyte,
  pdf: 32 * mebibyte,
  media: 32 * mebibyte,
};
const shownWhole: ReadonlySet<Kind> = new Set(['html', 'image', 'pdf', 'media']);
const tableRowsMax = 10_000;

type ViewerProps = { readonly source: Source; readonly file: Artifact };

/** One file: what it is, the way to have it, and its content where a page can show it. */
export function Viewer({ source, file }: ViewerProps) {
  const { path, file_size: size = 0 } = file;
  const kind = kindOf(path);
  return (
    <>
      <div className="artifact-head">
        <h2 className="clip" title={path}>
          {nameOf(path)}
        </h2>
        <span className="hint">{byteSize(size)}</span>
        <Download source={source} file={file} />
      </div>
      {size === 0 ? (
        <Empty title="Empty">The file has no content.</Empty>
      ) : shownWhole.has(kind) && size > bytesMax[kind] ? (
        <TooLarge kind={kind} />
      ) : (
        <Content source={source} file={file} kind={kind} />
      )}
    </>
  );
}

function Content({ source, file, kind }: ViewerProps & { readonly kind: Kind }) {
  const start = useQuery(startQuery(source, file, bytesMax[kind]));
  return (
    <Loaded query={start} lines={8}>
      {(data) => viewOf(source, file.path, kind, data)}
    </Loaded>
  );
}

function viewOf(source: Source, path: string, kind: Kind, { bytes, whole }: Start): ReactNode {
  if (kind === 'image' || kind === 'pdf' || kind === 'media')
    return <BlobView path={path} kind={kind} bytes={bytes} />;
  const text = textOf(bytes, whole);
  if (text === undefined)
    return (
      <Empty title="No preview">This file holds no text. Download it to open it in another program.</Empty>
    );
  const asText = <TextView text={text} whole={whole} />;
  switch (kind) {
    case 'table': {
      const separator = path.toLowerCase().endsWith('.tsv') ? '\t' : ',';
      const table = parseDelimited(text, separator, tableRowsMax, whole);
      return <Either rendered={<TableView source={source} table={table} />} name="Table" asText={asText} />;
    }
    case 'json':
      return jsonViewOf(source, text, asText);
    case 'html':
      return <Either rendered={<HtmlView html={text} title={nameOf(path)} />} name="Page" asText={asText} />;
    case 'model':
      return (
        <Either
          rendered={<ModelView source={source} path={path} text={text} />}
          name="Model"
          asText={asText}
        />
      );
    case 'text':
    case 'unknown':
      return asText;
  }
}

/** A table where the JSON is one, else a tree; what is no JSON, or only the beginning of it, as text. */
function jsonViewOf(source: Source, text: string, asText: ReactNode): ReactNode {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return asText;
  }
  const table = loggedTable(json, tableRowsMax);
  return table ? (
    <Either rendered={<TableView source={source} table={table} />} name="Table" asText={asText} />
  ) : (
    <Either rendered={<JsonView json={json} />} name="Tree" asText={asText} />
  );
}

type EitherProps = { readonly name: string; readonly rendered: ReactNode; readonly asText: ReactNode };

/** What a file means, or the text that it is. */
function Either({ name, rendered, asText }: EitherProps) {
  const [asSource, setAsSource] = useState(false);
  return (
    <>
      <div className="artifact-modes choices" role="group" aria-label="Shown as">
        <button type="button" aria-pressed={!asSource} onClick={() => setAsSource(false)}>
          {name}
        </button>
        <button type="button" aria-pressed={asSource} onClick={() => setAsSource(true)}>
          Source
        </button>
      </div>
      {asSource ? asText : rendered}
    </>
  );
}

function TooLarge({ kind }: { readonly kind: Kind }) {
  return (
    <Empty title="Too large to show here">
      Files of this kind are shown up to {byteSize(bytesMax[kind])}. Download it instead.
    </Empty>
  );
}
