import { Fragment, type ReactNode, useEffect } from 'react';

type Crumb = { readonly label: string; readonly href: string };
type PageHeadProps = {
  readonly title: string;
  /** The way here, outermost first. */
  readonly crumbs?: readonly Crumb[];
  /** Chips beside the title. */
  readonly state?: ReactNode;
  /** Buttons at the far end. */
  readonly actions?: ReactNode;
};

/** The head of a page: where it is, its name (also the document's title), its state, what can be done with it. */
export function PageHead({ title, crumbs = [], state, actions }: PageHeadProps) {
  useEffect(() => {
    document.title = `${title} · Cairn`;
  }, [title]);
  return (
    <div className="page-head">
      {crumbs.length > 0 && (
        <nav className="crumbs" aria-label="Breadcrumb">
          {crumbs.map(({ label, href }, at) => (
            <Fragment key={href}>
              {at > 0 && <span aria-hidden="true">/</span>}
              <a href={href} title={label}>
                {label}
              </a>
            </Fragment>
          ))}
        </nav>
      )}
      <div className="page-title">
        <h1 title={title}>{title}</h1>
        {state}
        {actions !== undefined && <div className="actions">{actions}</div>}
      </div>
    </div>
  );
}
