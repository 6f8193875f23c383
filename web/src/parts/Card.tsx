import type { ReactNode } from 'react';

type CardProps = {
  readonly title: ReactNode;
  readonly actions?: ReactNode;
  /** Without the padding of a body: for tables and lists that reach the edge. */
  readonly flush?: boolean;
  readonly children: ReactNode;
};

/** A part of a page with a title of its own. */
export function Card({ title, actions, flush = false, children }: CardProps) {
  return (
    <section className="card">
      <div className="card-head">
        <h2>{title}</h2>
        {actions !== undefined && actions !== false && <div className="actions">{actions}</div>}
      </div>
      {flush ? children : <div className="card-body">{children}</div>}
    </section>
  );
}
