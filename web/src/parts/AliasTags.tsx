import { links } from './links.ts';

type AliasTagsProps = {
  readonly model: string;
  readonly aliases: readonly { readonly alias: string; readonly version: number | string }[];
};

/** Aliases and who holds them, each a link to the holder. */
export function AliasTags({ model, aliases }: AliasTagsProps) {
  if (aliases.length === 0) return '—';
  return (
    <span className="tags">
      {aliases.map(({ alias, version }) => (
        <a key={alias} className="tag" href={links.version(model, version)} title={`${alias} → v${version}`}>
          {alias} → v{version}
        </a>
      ))}
    </span>
  );
}
