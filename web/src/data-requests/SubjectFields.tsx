import { useQuery } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import type { Endpoint } from '../api/endpoints.ts';
import { Field } from '../parts/Dialog.tsx';
import type { Subject } from './erasures.ts';

type SubjectFieldsProps = { readonly required: boolean };

/** Whose rows, and where. */
export function SubjectFields({ required }: SubjectFieldsProps) {
  const endpoints = useQuery({
    queryKey: ['endpoints'],
    queryFn: ({ signal }) => cairn.get<{ endpoints: Endpoint[] }>('endpoints', { signal }),
  });
  return (
    <>
      <Field
        label="Column"
        hint={`The one that tells people apart${required ? '' : '; empty for everybody'}.`}
      >
        <input
          name="column"
          required={required}
          maxLength={250}
          placeholder="customer_id"
          autoComplete="off"
        />
      </Field>
      <Field label="Value" hint="What the column holds for this person. Only its keyed hash is kept.">
        <input name="value" required={required} maxLength={1000} autoComplete="off" />
      </Field>
      <Field label="Endpoint">
        <select name="endpoint">
          <option value="">every endpoint of the workspace</option>
          {endpoints.data?.endpoints.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
    </>
  );
}

/** What the fields say, as the API takes it. */
export function subjectIn(form: FormData): { readonly subject?: Subject; readonly endpoint?: string } {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  const [column, value, endpoint] = ['column', 'value', 'endpoint'].map(text);
  if ((column === '') !== (value === '')) throw new Error('Name both the column and the value, or neither.');
  return {
    ...(column && value ? { subject: { column, value } } : {}),
    ...(endpoint ? { endpoint } : {}),
  };
}
