import { workspace } from '../api/client.ts';
import { Chip, Tag } from '../parts/Chip.tsx';
import { covers, type Role } from '../session/roles.ts';
import { type Grant, isOver, placeOf } from './users.ts';

type RoleChipsProps = {
  /** The rules about someone, by themselves and by their groups. */
  readonly grants: readonly Grant[];
};

/** What someone may do here, at a glance: the greatest role, whether it is denied, and how much is about single things. */
export function RoleChips({ grants }: RoleChipsProps) {
  const inForce = grants.filter((each) => !isOver(each));
  const whole = inForce.filter(({ resource }) => resource === null);
  const single = inForce.filter(({ resource }) => resource !== null);
  const denied = whole.some(({ effect }) => effect === 'deny');
  const role = greatest(whole);
  const everywhere = whole.some((each) => each.workspace === '*' && each.role === role);
  if (inForce.length === 0) return <span className="hint">none</span>;
  return (
    <span className="tags">
      {denied && <Chip state="denied" tone="bad" />}
      {role !== null && !denied && (
        <Chip state={everywhere ? `${role} everywhere` : role} tone={role === 'admin' ? 'busy' : 'good'} />
      )}
      {single.length > 0 && (
        <Tag title={single.map((each) => `${each.role ?? 'denied'}: ${placeOf(each)}`).join('\n')}>
          {single.length === 1 ? 'a rule about one thing' : `${single.length} rules about single things`}
        </Tag>
      )}
    </span>
  );
}

/** Rules about a subject, or about a group that it is in. */
export function grantsOf(
  grants: readonly Grant[],
  subject: string,
  groups: readonly string[] = [],
): readonly Grant[] {
  const subjects = new Set([subject, ...groups.map((name) => `group:${name}`)]);
  return grants.filter((each) => subjects.has(each.subject));
}

function greatest(grants: readonly Grant[]): Role | null {
  return grants
    .filter((each) => each.workspace === workspace || each.workspace === '*')
    .reduce<Role | null>((best, { role }) => (role && !covers(best, role) ? role : best), null);
}
