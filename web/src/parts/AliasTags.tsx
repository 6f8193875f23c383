import { links } from './links.ts';
import { Tag } from './Chip.tsx';

type AliasTagsProps = {
  readonly model: string;
  readonly aliases: readonly { readonly alias: string; readonly version: number | string }[];
  readonly max?: number;
};

/** The first aliases and who holds them, each a link to the holder; the tooltip of the last mark says the others. */
export function AliasTags({ model, aliases, max = 6 }: AliasTagsProps) {
  if (aliases.length === 0) return '—';
  const more = aliases.slice(max);
  return (
    <span className="tags">
      {aliases.slice(0, max).map(({ alias, version }) => (
        <a
          key={alias}
          className="tag alias-tag"
          href={links.version(model, version)}
          title={`${alias} → v${version}`}
        >
          <span className="cut">{alias}</span>
          <span> → v{version}</span>
        </a>
      ))}
      {more.length > 0 && (
        <Tag title={more.map(({ alias, version }) => `${alias} → v${version}`).join('\n')}>
          +{more.length}
        </Tag>
      )}
    </span>
  );
}
