import { useInfiniteQuery } from '@tanstack/react-query';
import type { HeldAlias, RegisteredModel } from '../api/registry.ts';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { changeModel } from './actions.ts';
import { movesQuery, versionsQuery } from './queries.ts';

type Closing = { readonly onClose: () => void };

type SetAliasProps = Closing & {
  readonly model: RegisteredModel;
  /** The alias to move; without it a new one is named. */
  readonly held?: HeldAlias | undefined;
  /** The version that gets it; without it the reader chooses. */
  readonly version?: number;
};

/** Gives an alias to a version. It stays where it is when another moved it since it was read. */
export function SetAlias({ model, held, version, onClose }: SetAliasProps) {
  return (
    <Dialog
      title={held ? `Move ${held.alias}` : 'Set an alias'}
      action={held ? 'Move' : 'Set'}
      onClose={onClose}
      onSubmit={(form) => {
        const alias = held?.alias ?? String(form.get('alias')).trim();
        const holder = model.aliases.find((each) => each.alias === alias)?.version;
        return changeModel.setAlias(model.name, alias, version ?? Number(form.get('version')), holder);
      }}
    >
      {held && <p>Version {held.version} holds it now. Whatever follows the alias follows the move.</p>}
      {!held && (
        <Field label="Alias" hint="Letters, digits, underscores and hyphens. One that is held moves.">
          <input name="alias" required maxLength={255} pattern="[\w\-]+" />
        </Field>
      )}
      {version === undefined && <VersionField name={model.name} other={held?.version} />}
    </Dialog>
  );
}

/** The number of a version: with those that are known as choices. */
export function VersionField({
  name,
  other,
}: {
  readonly name: string;
  readonly other?: number | undefined;
}) {
  const query = useInfiniteQuery(versionsQuery(name));
  const known = query.data?.pages.flatMap(({ versions }) => versions) ?? [];
  const listId = 'versions-known';
  return (
    <Field label="Version">
      <input name="version" type="number" min={1} step={1} required list={listId} />
      <datalist id={listId}>
        {known
          .filter(({ version }) => version !== other)
          .map(({ version, inspection }) => (
            <option key={version} value={version}>
              {`v${version}, ${inspection.state}`}
            </option>
          ))}
      </datalist>
    </Field>
  );
}

type HeldProps = Closing & { readonly name: string; readonly held: HeldAlias };

/** Gives an alias back to the version that held it before, and keeps why. */
export function RollBack({ name, held, onClose }: HeldProps) {
  const query = useInfiniteQuery(movesQuery(name, held.alias));
  const before = query.data?.pages[0]?.moves.find(({ to }) => to === held.version)?.from;
  return (
    <Dialog
      title={`Roll ${held.alias} back?`}
      action="Roll back"
      danger
      onClose={onClose}
      onSubmit={(form) =>
        changeModel.rollBack(name, held.alias, String(form.get('reason')).trim(), held.version)
      }
    >
      <p>
        Version {held.version} gives it up; {before ? `version ${before}` : 'the version'} that held it before
        takes it at once, without passing any gate.
      </p>
      <Field label="Reason" hint="Kept in the history of the alias.">
        <textarea name="reason" rows={3} required maxLength={1000} />
      </Field>
    </Dialog>
  );
}

export function RemoveAlias({ name, held, onClose }: HeldProps) {
  return (
    <Dialog
      title={`Remove ${held.alias}?`}
      action="Remove"
      danger
      onClose={onClose}
      onSubmit={() => changeModel.deleteAlias(name, held.alias)}
    >
      <p>
        Version {held.version} stays. Clients that ask for the alias get an error; an endpoint that follows it
        goes on with the version it has.
      </p>
    </Dialog>
  );
}
