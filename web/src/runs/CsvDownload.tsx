import { useEffect, useState } from 'react';
import type { RunSearch } from '../api/runRows.ts';
import { Failure } from '../parts/Failure.tsx';
import { counted } from '../parts/format.ts';
import type { Column } from './columns.ts';
import { saveFile } from '../parts/saveFile.ts';
import { csvOf, csvRowsMax } from './csv.ts';

type CsvDownloadProps = {
  readonly name: string;
  readonly search: RunSearch;
  readonly columns: readonly Column[];
  readonly onClose: () => void;
};

type State =
  | { readonly status: 'reading'; readonly rows: number }
  | { readonly status: 'saved'; readonly rows: number; readonly isCut: boolean }
  | { readonly status: 'failed'; readonly error: unknown };

/** Writes every run of the search to a file; begins when it is shown, and ends when it is closed. */
export function CsvDownload({ name, search, columns, onClose }: CsvDownloadProps) {
  const [asked] = useState({ name, search, columns });
  const [state, setState] = useState<State>({ status: 'reading', rows: 0 });
  useEffect(() => {
    const leaving = new AbortController();
    const write = async () => {
      try {
        const onRows = (rows: number) => setState({ status: 'reading', rows });
        const { parts, rows, isCut } = await csvOf(asked.search, asked.columns, onRows, leaving.signal);
        leaving.signal.throwIfAborted();
        saveFile(`${asked.name}.csv`, new Blob(parts, { type: 'text/csv;charset=utf-8' }));
        setState({ status: 'saved', rows, isCut });
      } catch (error) {
        if (!leaving.signal.aborted) setState({ status: 'failed', error });
      }
    };
    void write();
    return () => leaving.abort();
  }, [asked]);
  return (
    <div className="bulk row" role="status">
      {state.status === 'failed' ? (
        <Failure error={state.error} />
      ) : state.status === 'reading' ? (
        <>
          <progress aria-label="Reading runs" /> {counted(state.rows, 'run')} read …
        </>
      ) : (
        <>
          {counted(state.rows, 'run')} saved as {asked.name}.csv.
          {state.isCut &&
            ` More follow: a file ends at ${counted(csvRowsMax, 'run')}. Narrow the filter to get the others.`}
        </>
      )}
      <button type="button" className="quiet" onClick={onClose}>
        {state.status === 'reading' ? 'Cancel' : 'Close'}
      </button>
    </div>
  );
}
