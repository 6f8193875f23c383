import type { ReactNode } from 'react';
import { Code } from './Code.tsx';

type EmptyProps = {
  readonly title: string;
  readonly children?: ReactNode;
  /** What a newcomer runs to fill this place. */
  readonly code?: string;
};

/** In the place of a list without entries: what would be here, and how it comes about. */
export function Empty({ title, children, code }: EmptyProps) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children !== undefined && <p className="hint">{children}</p>}
      {code !== undefined && <Code text={code} />}
    </div>
  );
}
