import type { Artifact } from '../api/types.ts';
import { DownloadButton } from '../parts/DownloadButton.tsx';
import { Icon } from '../parts/Icon.tsx';
import { signedAddress, type Source, wholeFile } from './files.ts';
import { nameOf } from './kinds.ts';

/** Longer files are not held by the page: storage hands them out itself. */
const heldBytesMax = 64 * 1024 * 1024;

/** The way to have a file. */
export function Download({ source, file }: { readonly source: Source; readonly file: Artifact }) {
  const { path, file_size: size = 0 } = file;
  return (
    <DownloadButton
      name={nameOf(path)}
      read={async () =>
        size > heldBytesMax
          ? { address: await signedAddress(source, path) }
          : await wholeFile(source, path, size)
      }
    >
      <Icon name="download" size={14} /> Download
    </DownloadButton>
  );
}
