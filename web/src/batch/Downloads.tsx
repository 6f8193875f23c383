import type { StoredFile } from '../api/batch.ts';
import { request } from '../api/client.ts';
import { fileOf } from '../api/ranges.ts';
import { DownloadButton } from '../parts/DownloadButton.tsx';
import { byteSize } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { baseName } from './words.ts';

/** Longer files are not held by the page: storage hands them out itself. */
const heldBytesMax = 64 * 1024 * 1024;

type StoredDownloadProps = {
  readonly file: StoredFile;
  readonly label: string;
  /** What it is saved as; the last part of its name unless told. */
  readonly saveAs?: string;
  /** Where it is known. */
  readonly bytes?: number;
  readonly className?: string;
};

/** The way to have what came out. */
export function StoredDownload({
  file,
  label,
  saveAs = baseName(file.name),
  bytes,
  className = '',
}: StoredDownloadProps) {
  return (
    <DownloadButton name={saveAs} className={className} read={() => read(file)}>
      <Icon name="download" size={14} /> {label}
      {bytes !== undefined && <span className="hint">{byteSize(bytes)}</span>}
    </DownloadButton>
  );
}

async function read({ url }: StoredFile): Promise<Blob | { address: string }> {
  const answer = await request(`${url}?as=url`);
  const { url: address, bytes } = (await answer.json()) as { url: string; bytes: number };
  return bytes > heldBytesMax ? { address } : fileOf(url, bytes);
}
