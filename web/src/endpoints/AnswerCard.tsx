import { useState } from 'react';
import { ApiError } from '../api/client.ts';
import { Card } from '../parts/Card.tsx';
import { Code, Copyable } from '../parts/Code.tsx';
import { Failure } from '../parts/Failure.tsx';
import { figure } from '../parts/format.ts';
import { FactLine } from '../parts/Facts.tsx';
import { Table } from '../parts/Table.tsx';
import { useMay } from '../session/may.tsx';
import { type Answer, cellText, classesOf, labelOf } from './answer.ts';
import { LabelCell } from './LabelCell.tsx';
import type { Asked } from './TryTab.tsx';

const classesShown = 6;
const idShown = 12;

type AnswerCardProps = { readonly endpoint: string; readonly asked: Asked };

/** What was answered: as a table whose rows can be labelled, or as it came. */
export function AnswerCard({ endpoint, asked }: AnswerCardProps) {
  const [as, setAs] = useState<'table' | 'raw'>('table');
  const answer = asked.status === 'answered' ? asked.answer : undefined;
  return (
    <Card
      title="Answer"
      flush={answer?.table !== undefined && as === 'table'}
      actions={
        answer?.table && (
          <div className="segments" role="group" aria-label="Shown as">
            {(['table', 'raw'] as const).map((each) => (
              <button key={each} type="button" aria-pressed={as === each} onClick={() => setAs(each)}>
                {each === 'table' ? 'Table' : 'Raw'}
              </button>
            ))}
          </div>
        )
      }
    >
      <div role="status" aria-busy={asked.status === 'busy'} className="answer">
        {asked.status === 'none' && <p className="hint">Send a call, and what is answered stands here.</p>}
        {asked.status === 'busy' && <p className="hint">Waiting for the answer …</p>}
        {asked.status === 'failed' && (
          <>
            {asked.error instanceof ApiError && asked.error.status > 0 && (
              <FactLine of={{ Status: String(asked.error.status) }} />
            )}
            <Failure error={asked.error} />
          </>
        )}
        {answer && (
          <>
            <div className="answer-facts">
              <FactLine
                of={{
                  Status: String(answer.status),
                  Took: `${figure(answer.milliseconds, 3)} ms, with the way there and back`,
                  'Answered by': answer.deployment,
                  Version: answer.version,
                }}
              />
            </div>
            {answer.table && as === 'table' ? (
              <Predictions key={answer.ids.join()} endpoint={endpoint} answer={answer} />
            ) : (
              <Code text={answer.text} />
            )}
          </>
        )}
      </div>
    </Card>
  );
}

function Predictions({ endpoint, answer }: { readonly endpoint: string; readonly answer: Answer }) {
  const mayLabel = useMay('contributor');
  const { columns = [], rows = [] } = answer.table ?? {};
  const numbered = rows.map((values, at) => ({ at, values, id: answer.ids[at] }));
  return (
    <Table
      label="Predictions"
      rows={numbered}
      rowKey={({ at }) => String(at)}
      columns={[
        { title: 'Row', numeric: true, cell: ({ at }) => at + 1 },
        ...columns.map((title, column) => ({
          title,
          id: `out ${title}`,
          numeric: rows.every((values) => ['number', 'bigint'].includes(typeof values[column])),
          cell: ({ values }: (typeof numbered)[number]) => <Value value={values[column]} />,
        })),
        ...(mayLabel
          ? [
              {
                title: 'What turned out to be true',
                cell: ({ id, values }: (typeof numbered)[number]) =>
                  id === undefined ? (
                    '—'
                  ) : (
                    <LabelCell
                      endpoint={endpoint}
                      predictionId={id}
                      labelFor={(text) => labelOf(text, values)}
                    />
                  ),
              },
            ]
          : []),
        {
          title: 'Prediction id',
          cell: ({ id }) =>
            id === undefined ? (
              '—'
            ) : (
              <span className="steady">
                <Copyable text={id} shown={shortOf(id)} />
              </span>
            ),
        },
      ]}
    />
  );
}

function Value({ value }: { readonly value: unknown }) {
  const classes = classesOf(value);
  if (!classes) return typeof value === 'number' ? figure(value) : cellText(value);
  const more = classes.length - classesShown;
  return (
    <ul className="classes">
      {classes.slice(0, classesShown).map(([name, share]) => (
        <li key={name}>
          <span className="cut" title={name}>
            {name}
          </span>
          <b>{figure(share, 4)}</b>
        </li>
      ))}
      {more > 0 && <li className="hint">and {more} more</li>}
    </ul>
  );
}

/** The end of an id, which tells it from others of the hour. */
function shortOf(id: string): string {
  return id.length > idShown ? `…${id.slice(-idShown)}` : id;
}
