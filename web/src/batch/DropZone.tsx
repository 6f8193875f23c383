import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import { Icon } from '../parts/Icon.tsx';

type DropZoneProps = {
  /** What stands in it, beside the button that picks a file. */
  readonly children: ReactNode;
  readonly button: string;
  readonly isSmall?: boolean;
  readonly onFile: (file: File) => void;
};

const accepted = '.csv,.tsv,.jsonl,.ndjson,.parquet,.gz,.txt';

/** A place where a file is dropped, or picked. */
export function DropZone({ children, button, isSmall = false, onFile }: DropZoneProps) {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const drag = (event: DragEvent) => {
    // Nothing but a file: what is dragged within the page stays there.
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(true);
  };
  return (
    <div
      className={['drop', isOver && 'over', isSmall && 'small'].filter(Boolean).join(' ')}
      onDragEnter={drag}
      onDragOver={drag}
      onDragLeave={({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node) || !currentTarget.contains(relatedTarget)) setOver(false);
      }}
      onDrop={(event) => {
        const [file] = event.dataTransfer.files;
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(false);
        if (file) onFile(file);
      }}
    >
      <Icon name="upload" size={isSmall ? 18 : 24} />
      <div className="drop-text">{children}</div>
      <button type="button" onClick={() => input.current?.click()}>
        {button}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept={accepted}
        aria-label={button}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          // The same file can be picked again.
          currentTarget.value = '';
          if (file) onFile(file);
        }}
      />
    </div>
  );
}
