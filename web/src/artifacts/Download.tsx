import { useState } from 'react';
import type { Artifact } from '../api/types.ts';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { saveFile } from '../parts/saveFile.ts';
import { addressOf, linksSuffice, readFile, type Source } from './files.ts';
import { nameOf } from './kinds.ts';

/**
 * The way to have a file: a link, which the server may redirect to storage. In another workspace than the
 * default one, which a link cannot name, the page reads the file and hands it over.
 */
export function Download({ source, file }: { readonly source: Source; readonly file: Artifact }) {
  const [failed, setFailed] = useState<unknown>();
  const look = (
    <>
      <Icon name="download" size={14} /> Download
    </>
  );
  if (linksSuffice)
    return (
      <a className="button" href={addressOf(source, file.path)} download={nameOf(file.path)}>
        {look}
      </a>
    );
  const save = async () => {
    setFailed(undefined);
    try {
      const bytes = await readFile(source, file.path, file.file_size ?? 0);
      saveFile(nameOf(file.path), new Blob([bytes]));
    } catch (error) {
      setFailed(error);
    }
  };
  return (
    <>
      <button type="button" onClick={() => void save()}>
        {look}
      </button>
      {failed !== undefined && <Failure error={failed} />}
    </>
  );
}
