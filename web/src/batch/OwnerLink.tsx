import type { Owner } from '../api/batch.ts';
import { links } from '../parts/links.ts';

/** What scores, and which kind it is of. */
export function OwnerLink({ owner: { type, name } }: { readonly owner: Owner }) {
  return (
    <span className="job-owner">
      <a href={type === 'endpoint' ? links.endpoint(name) : links.model(name)}>{name}</a>{' '}
      <span className="hint">{type}</span>
    </span>
  );
}
