import { useState } from 'react';
import { Icon } from './Icon.tsx';

const saidMilliseconds = 1500;

/** Lines to copy. */
export function Code({ text }: { readonly text: string }) {
  return (
    <div className="code">
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} />
    </div>
  );
}

type CopyableProps = {
  readonly text: string;
  /** In its place where all of it is too long to be read; the tooltip says it whole. */
  readonly shown?: string;
};

/** An id or an address in a line, with a button that copies it. */
export function Copyable({ text, shown = text }: CopyableProps) {
  return (
    <span className="copy">
      <code title={shown === text ? undefined : text}>{shown}</code>
      <CopyButton text={text} />
    </span>
  );
}

/** Absent where the browser lets no page copy: without HTTPS, save on the machine itself. */
function CopyButton({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState(false);
  if (!('clipboard' in navigator)) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), saidMilliseconds);
  };
  const label = copied ? 'Copied' : 'Copy';
  return (
    <button type="button" className="quiet" aria-label={label} title={label} onClick={() => void copy()}>
      <Icon name={copied ? 'check' : 'copy'} size={14} />
    </button>
  );
}
