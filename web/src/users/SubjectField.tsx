import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ChoiceField } from '../parts/ChoiceField.tsx';
import { Field } from '../parts/Dialog.tsx';
import { groupsQuery, kindWords, principalsQuery, subjectOf } from './users.ts';

type SubjectFieldProps = { readonly onChange: (subject: string) => void };
type Kind = 'known' | 'entra-group' | 'app-role';

const foundMax = 10;

/** Whom a rule is about: somebody or a group known here, or a group or role that a directory tells of. */
export function SubjectField({ onChange }: SubjectFieldProps) {
  const [kind, setKind] = useState<Kind>('known');
  return (
    <>
      <Field label="About">
        <select
          value={kind}
          onChange={({ target }) => {
            setKind(target.value as Kind);
            onChange('');
          }}
        >
          <option value="known">somebody, or a group, known here</option>
          <option value="entra-group">a group of Microsoft Entra ID</option>
          <option value="app-role">an app role of Microsoft Entra ID</option>
        </select>
      </Field>
      {kind === 'known' ? (
        <Known onChange={onChange} />
      ) : (
        <Field
          key={kind}
          label={kind === 'entra-group' ? 'Object id of the group' : 'Value of the app role'}
          hint={
            kind === 'entra-group'
              ? 'As the token’s groups claim has it.'
              : 'As the token’s roles claim has it.'
          }
        >
          <input
            required
            maxLength={200}
            onChange={({ target }) => {
              const value = target.value.trim();
              onChange(value === '' ? '' : `${kind}:${value}`);
            }}
          />
        </Field>
      )}
    </>
  );
}

function Known({ onChange }: SubjectFieldProps) {
  const [text, setText] = useState('');
  const principals = useQuery(principalsQuery).data ?? [];
  const groups = useQuery(groupsQuery).data ?? [];
  const options = [
    ...groups.map(({ name }) => ({ label: name, note: 'group', option: `group:${name}` })),
    ...principals.map(({ id, name, kind }) => ({
      label: name === id || kind === 'entra' ? name : `${name} (${id})`,
      note: kindWords[kind],
      option: subjectOf(id),
    })),
  ].filter(({ label }) => label.toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <ChoiceField
      label="Who"
      hint="Type a part of the name."
      options={options.slice(0, foundMax)}
      onType={(typed) => {
        setText(typed);
        onChange('');
      }}
      onChoose={onChange}
    />
  );
}
