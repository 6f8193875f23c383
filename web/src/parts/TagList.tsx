import type { Pair } from '../api/types.ts';
import { Tag } from './Chip.tsx';

type TagListProps = { readonly tags: readonly Pair[]; readonly max: number };

/** The first tags in a line; the tooltip of the last mark says the others. */
export function TagList({ tags, max }: TagListProps) {
  const more = tags.slice(max);
  return (
    <span className="tags">
      {tags.slice(0, max).map(({ key, value }) => (
        <Tag key={key} title={`${key}: ${value}`}>
          {key}: {value}
        </Tag>
      ))}
      {more.length > 0 && (
        <Tag title={more.map(({ key, value }) => `${key}: ${value}`).join('\n')}>+{more.length}</Tag>
      )}
    </span>
  );
}

/** The same of plain texts. */
export function TextTags({ texts, max }: { readonly texts: readonly string[]; readonly max: number }) {
  if (texts.length === 0) return '—';
  const more = texts.slice(max);
  return (
    <span className="tags">
      {texts.slice(0, max).map((text) => (
        <Tag key={text} title={text}>
          {text}
        </Tag>
      ))}
      {more.length > 0 && <Tag title={more.join('\n')}>+{more.length}</Tag>}
    </span>
  );
}
