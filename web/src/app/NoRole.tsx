import { workspace } from '../api/client.ts';
import { Empty } from '../parts/Empty.tsx';
import { links } from '../parts/links.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { useSession } from '../session/session.ts';

/** In the place of every page of a workspace in which the reader may see nothing. */
export function NoRole() {
  const { principal, workspaces } = useSession();
  return (
    <>
      <PageHead title="Nothing to see yet" />
      <section className="card">
        <Empty title={`You have no role in the workspace ${workspace}`}>
          You are signed in as <strong>{principal.name}</strong>, known as <code>{principal.id}</code>. An
          admin of the workspace can give that one a role.
        </Empty>
        {workspaces.length > 0 && (
          <p className="row centred">
            {workspaces.map(({ name }) => (
              <a key={name} className="button" href={links.workspace(name)}>
                Go to the workspace {name}
              </a>
            ))}
          </p>
        )}
      </section>
    </>
  );
}
