import { workspace } from '../api/client.ts';
import { Icon } from '../parts/Icon.tsx';
import { Popover } from '../parts/Popover.tsx';

/** In whose name and where the page works. Until there is a sign-in, it says that there is none. */
export function Account() {
  return (
    <Popover
      name={`Workspace ${workspace}, not signed in`}
      className="quiet"
      align="end"
      label={
        <>
          <Icon name="person" />
          <span className="cut workspace">{workspace}</span>
        </>
      }
    >
      <dl className="account">
        <dt>Workspace</dt>
        <dd>{workspace}</dd>
        <dt>Signed in as</dt>
        <dd>nobody: this server asks for no sign-in</dd>
      </dl>
    </Popover>
  );
}
