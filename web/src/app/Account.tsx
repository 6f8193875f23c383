import { Chip } from '../parts/Chip.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Popover, useClose } from '../parts/Popover.tsx';
import { type Session, signOut, useSession } from '../session/session.ts';
import { viaWords } from '../session/words.ts';

/** In whose name and where the page works, the other workspaces, and the way out. */
export function Account() {
  const session = useSession();
  const { workspace, principal, auth } = session;
  return (
    <Popover
      className="quiet"
      align="end"
      label={
        <>
          <Icon name="person" />
          {auth === 'on' && (
            <>
              <span className="hidden">Signed in as </span>
              <span className="cut account-name">{principal.name}</span>
            </>
          )}
          <span className="hidden"> in the workspace </span>
          <span className="cut workspace">{workspace}</span>
        </>
      }
    >
      <div className="account">
        {auth === 'off' ? (
          <p className="hint">This server asks nobody to sign in: everyone may do everything.</p>
        ) : (
          <Who session={session} />
        )}
        <Workspaces session={session} />
        {auth === 'on' && <Ways />}
      </div>
    </Popover>
  );
}

function Who({ session: { principal, via, role, workspace, is_deployment_admin: isAdmin } }: SessionProps) {
  return (
    <div className="account-who">
      <strong className="cut" title={principal.id}>
        {principal.name}
      </strong>
      <span className="hint">{viaWords(via)}</span>
      <span className="row">
        <Chip state={role ?? 'no role'} tone={role === null ? 'bad' : 'good'} />
        <span className="hint">{isAdmin ? 'in every workspace' : `in ${workspace}`}</span>
      </span>
    </div>
  );
}

function Workspaces({ session: { workspaces, workspace } }: SessionProps) {
  const others = workspaces.filter(({ name }) => name !== workspace);
  return (
    <nav aria-label="Workspaces" className="account-part">
      <h2>Workspace</h2>
      <ul>
        <li>
          <span className="account-here" aria-current="true">
            <Icon name="check" size={14} /> {workspace}
          </span>
        </li>
        {others.map(({ name, description, role }) => (
          <li key={name}>
            <a href={links.workspace(name)} title={description}>
              <span className="cut">{name}</span> <small>{role ?? 'in part'}</small>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Ways() {
  const close = useClose();
  return (
    <ul className="account-part">
      <li>
        <a href="#/tokens" onClick={close}>
          My tokens
        </a>
      </li>
      <li>
        <button type="button" className="quiet" onClick={signOut}>
          Sign out
        </button>
      </li>
    </ul>
  );
}

type SessionProps = { readonly session: Session };
