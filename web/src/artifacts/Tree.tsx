import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Artifact } from '../api/types.ts';
import { Failure } from '../parts/Failure.tsx';
import { byteSize } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { listingQuery, type Source } from './files.ts';
import { nameOf } from './kinds.ts';

type TreeProps = {
  readonly source: Source;
  readonly files: readonly Artifact[];
  /** The path of what is looked at. */
  readonly shown: string;
  readonly onShow: (path: string) => void;
};

const shownAtOnce = 200;

/** Files and folders; a folder is listed when it is first opened. */
export function Tree({ source, files, shown, onShow }: TreeProps) {
  const [most, setMost] = useState(shownAtOnce);
  return (
    <ul className="tree">
      {files.slice(0, most).map((file) => (
        <li key={file.path}>
          {file.is_dir ? (
            <Folder source={source} path={file.path} shown={shown} onShow={onShow} />
          ) : (
            <button
              type="button"
              className="tree-row"
              title={file.path}
              aria-current={file.path === shown ? 'true' : undefined}
              onClick={() => onShow(file.path)}
            >
              <Icon name="file" size={14} />
              <span className="clip">{nameOf(file.path)}</span>
              {file.file_size !== undefined && <span className="tree-size">{byteSize(file.file_size)}</span>}
            </button>
          )}
        </li>
      ))}
      {files.length > most && (
        <li>
          <button type="button" className="link tree-more" onClick={() => setMost(most + shownAtOnce)}>
            Show more of {files.length} files
          </button>
        </li>
      )}
    </ul>
  );
}

function Folder({ source, path, shown, onShow }: Omit<TreeProps, 'files'> & { readonly path: string }) {
  const holdsShown = shown.startsWith(`${path}/`);
  const [open, setOpen] = useState(holdsShown);
  const [seen, setSeen] = useState(shown);
  // A link to a file within opens its folders; closing them afterwards is the reader's.
  if (seen !== shown) {
    setSeen(shown);
    if (holdsShown) setOpen(true);
  }
  const listing = useQuery({ ...listingQuery(source, path), enabled: open });
  return (
    <>
      <button
        type="button"
        className="tree-row"
        title={path}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? 'down' : 'right'} size={14} />
        <Icon name="folder" size={14} />
        <span className="clip">{nameOf(path)}</span>
      </button>
      {open && listing.error && <Failure error={listing.error} onRetry={() => void listing.refetch()} />}
      {open && listing.isPending && <p className="hint tree-note">Loading …</p>}
      {open && listing.data?.length === 0 && <p className="hint tree-note">Empty</p>}
      {open && listing.data && <Tree source={source} files={listing.data} shown={shown} onShow={onShow} />}
    </>
  );
}
