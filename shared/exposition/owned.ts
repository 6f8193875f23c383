import { type Access, isVisible, type Visible } from '../access/index.ts';
import type { Row } from './families.ts';

/** Whose a figure is: who may see the endpoint or the model may see it, and where it is nobody's, every viewer of the workspace. */
export type Owner = { readonly type: 'endpoint' | 'model'; readonly id: string } | null;

export type OwnedRow = Row & { readonly of: Owner };

/** Says of an owner whether a caller may see what is theirs. */
export function seenBy(access: Access): (of: Owner) => boolean {
  const visible: Readonly<Record<'endpoint' | 'model', Visible>> = {
    endpoint: access.visible('endpoint'),
    model: access.visible('model'),
  };
  const isViewer = access.may('viewer');
  return (of) => (of === null ? isViewer : isVisible(visible[of.type], of.id));
}

/** The rows of which a figure is so many, one for each set of labels. */
export function counted(
  family: Row['family'],
  things: readonly { readonly of: Owner; readonly labels: Row['labels'] }[],
): OwnedRow[] {
  const groups = Map.groupBy(things, ({ labels }) => JSON.stringify(labels));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ family, of: first.of, labels: first.labels, value: group.length }] : [];
  });
}
