import { useCallback, useState } from 'react';
import { mediaTypeOf, nameOf } from './kinds.ts';

type BlobViewProps = {
  readonly path: string;
  readonly kind: 'image' | 'pdf' | 'media';
  readonly bytes: Uint8Array<ArrayBuffer>;
};

/** What the browser itself can show, handed to it as a file of a type that runs nothing. */
export function BlobView({ path, kind, bytes }: BlobViewProps) {
  const type = mediaTypeOf(path);
  const [size, setSize] = useState<string>();
  const name = nameOf(path);
  // The address of the file in this page lives as long as the element that shows it.
  const show = useCallback(
    (element: HTMLImageElement | HTMLMediaElement | HTMLAnchorElement | null) => {
      if (!element) return undefined;
      const url = URL.createObjectURL(new Blob([bytes], { type }));
      if (element instanceof HTMLAnchorElement) element.href = url;
      else element.src = url;
      return () => URL.revokeObjectURL(url);
    },
    [bytes, type],
  );
  switch (kind) {
    case 'image':
      return (
        <figure className="artifact-image">
          <img
            ref={show}
            alt={name}
            onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) =>
              setSize(`${width} × ${height} pixels`)
            }
            onError={() => setSize('The browser cannot read this image.')}
          />
          <figcaption className="hint">{size}</figcaption>
        </figure>
      );
    case 'pdf':
      return (
        <div className="empty">
          {/* oxlint-disable-next-line jsx-a11y/anchor-is-valid -- its address is set with the file */}
          <a ref={show} className="button primary" target="_blank" rel="noreferrer">
            Open the PDF in a tab of its own
          </a>
        </div>
      );
    case 'media':
      return type.startsWith('video') ? (
        // oxlint-disable-next-line jsx-a11y/media-has-caption -- a logged file comes with no captions
        <video ref={show} className="artifact-media" controls aria-label={name} />
      ) : (
        // oxlint-disable-next-line jsx-a11y/media-has-caption -- as above
        <audio ref={show} className="artifact-media" controls aria-label={name} />
      );
  }
}
