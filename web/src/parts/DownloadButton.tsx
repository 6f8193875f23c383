import { type ReactNode, useState } from 'react';
import { Failure } from './Failure.tsx';
import { saveFile } from './saveFile.ts';

type DownloadButtonProps = {
  /** What the file is called. */
  readonly name: string;
  /** The file, or the address that storage hands it out at to whoever has that address, for a short time. */
  readonly read: () => Promise<Blob | { readonly address: string }>;
  readonly className?: string;
  readonly children: ReactNode;
};

/**
 * Hands a file over to the reader. A plain link would not do: a browser tells the server nothing of who is
 * signed in when it follows one.
 */
export function DownloadButton({ name, read, className = '', children }: DownloadButtonProps) {
  const [state, setState] = useState<{ busy: boolean; failed?: unknown }>({ busy: false });
  const save = async () => {
    setState({ busy: true });
    try {
      const file = await read();
      if (file instanceof Blob) saveFile(name, file);
      else location.assign(file.address);
      setState({ busy: false });
    } catch (failed) {
      setState({ busy: false, failed });
    }
  };
  return (
    <>
      <button type="button" className={className} disabled={state.busy} onClick={() => void save()}>
        {children}
      </button>
      {state.failed !== undefined && <Failure error={state.failed} />}
    </>
  );
}
