import type { Card } from './card.ts';

const unknown = 'The run that made it is not known, so its metrics, parameters and code are not.';
const withheld =
  'The run that made it may not be seen by whoever asked for this, so its metrics, parameters, inputs and code are left out, and so is all of its lineage that they may not see.';

/** What a reader should not take for granted: what the author says by tag `cairn.limits`, and what is not known. */
export function limitsOf(card: Omit<Card, 'limits'>, isRunWithheld: boolean): string[] {
  const { version, artifact, inspection, signature, run, data, promotions } = card;
  const said = version.tags['cairn.limits'];
  const isNamed = (role: string) => data.some((each) => each.role === role);
  return [
    ...(said ? [said] : []),
    ...(inspection.state === 'pending' ? ['Its files have not been read yet.'] : []),
    ...(inspection.state === 'refused' ? [`It cannot be served: ${inspection.reason}`] : []),
    ...(inspection.state === 'ready' && inspection.note !== null ? [inspection.note] : []),
    ...(signature.valid ? [] : [signature.reason ?? 'Its signature does not hold.']),
    ...(run ? [] : [isRunWithheld ? withheld : unknown]),
    ...(run && !run.git ? ['The commit of the code that made it was not logged.'] : []),
    ...(isNamed('evaluation')
      ? []
      : ['It names no evaluation set: its metrics are as its author logged them.']),
    ...(isNamed('reference') ? [] : ['It names no reference set to watch its inputs against.']),
    ...data
      .filter(({ digest }) => digest === null)
      .map(({ role, name, uri, judged }) => {
        const set = `Its ${role} set ${name ?? uri ?? ''}`;
        return judged
          ? `${set} was named without a digest: judged with digest ${judged.digest} (promotion ${judged.promotion}), it may have changed since.`
          : `${set} has no digest: it may have changed.`;
      }),
    ...(artifact && artifact.inputs === null ? ['It was logged without a signature of its inputs.'] : []),
    ...promotions
      .filter(({ override, status }) => override && status === 'promoted')
      .map(({ number }) => `Promotion ${number} let it pass over gates that it did not pass.`),
  ];
}
