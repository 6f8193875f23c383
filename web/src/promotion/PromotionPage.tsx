import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import type { Promotion } from '../api/registry.ts';
import { isOpen, modelQuery, promotionQuery } from '../model/queries.ts';
import { targetText } from '../model/words.ts';
import { Card } from '../parts/Card.tsx';
import { Chip, Tag } from '../parts/Chip.tsx';
import { FactLine } from '../parts/Facts.tsx';
import { Failure } from '../parts/Failure.tsx';
import { links } from '../parts/links.ts';
import { Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { On } from '../session/may.tsx';
import { Decisions } from './Decisions.tsx';
import { GateCard } from './GateCard.tsx';
import './promotion.css';

/** A promotion: what the version has to pass, gate by gate, who decided what, and what came of it. */
export function PromotionPage() {
  const { name = '', number = '' } = useParams();
  const query = useQuery(promotionQuery(name, Number(number)));
  const model = useQuery(modelQuery(name));
  const promotion = query.data;
  const crumbs = [
    { label: 'Models', href: '#/models' },
    { label: name, href: links.model(name) },
    { label: 'Promotions', href: `${links.model(name)}?tab=promotions` },
  ];
  if (!promotion)
    return (
      <>
        <PageHead title={`Promotion ${number}`} crumbs={crumbs} />
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </>
    );
  return (
    <>
      <PageHead
        title={`Promotion ${number}`}
        crumbs={crumbs}
        state={
          <span role="status">
            <Chip state={promotion.status} />
          </span>
        }
        actions={
          (isOpen(promotion) || promotion.status === 'refused') && (
            <On resource={model.data && { type: 'model', id: model.data.model_id }}>
              <Decisions name={name} promotion={promotion} />
            </On>
          )
        }
      />
      <FactLine
        of={{
          Version: <a href={links.version(name, promotion.version)}>v{promotion.version}</a>,
          Takes: <Tag>{targetText(promotion.target)}</Tag>,
          From: promotion.champion && (
            <a href={links.version(name, promotion.champion.version)}>v{promotion.champion.version}</a>
          ),
          'Asked by': promotion.requested_by,
          Asked: <Ago at={promotion.created_at} />,
          Ended: promotion.finished_at !== undefined && <Ago at={promotion.finished_at} />,
          Policy: promotion.policy_version !== null && (
            <a href={`${links.model(name)}?tab=policy&policy=${promotion.policy_version}`}>
              version {promotion.policy_version}
            </a>
          ),
          Compare: promotion.champion && (
            <a href={links.compareVersions(name, [promotion.champion.version, promotion.version])}>
              with the champion
            </a>
          ),
        }}
      />
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      <Outcome name={name} promotion={promotion} />
      <div className="split">
        <div className="split-main">
          <Card
            title={
              <>
                Gates {promotion.gates.length > 0 && <span className="count">{promotion.gates.length}</span>}
              </>
            }
            flush
          >
            <Gates promotion={promotion} />
          </Card>
        </div>
        <div className="split-side">
          {promotion.comment !== undefined && promotion.comment !== '' && (
            <Card title="Comment">
              <div className="note">{promotion.comment}</div>
            </Card>
          )}
          <Approvals promotion={promotion} />
        </div>
      </div>
    </>
  );
}

function Gates({ promotion: { gates, status } }: { readonly promotion: Promotion }) {
  if (gates.length === 0)
    return (
      <p className="hint card-none">
        {status === 'evaluating'
          ? 'The gates are being evaluated …'
          : 'No policy guarded the target: there was none to pass.'}
      </p>
    );
  return (
    <ol className="gates">
      {gates.map((verdict, at) => (
        <li key={verdict.key ?? `${verdict.gate} ${at}`}>
          <GateCard verdict={verdict} />
        </li>
      ))}
    </ol>
  );
}

/** What came of it, in a sentence. */
function Outcome({ name, promotion }: { readonly name: string; readonly promotion: Promotion }) {
  const { status, override, rejected } = promotion;
  return (
    <>
      {override && (
        <p className="outcome busy">
          <strong>Overridden</strong> by {override.by}, <Moment at={override.at} />: {override.reason}
        </p>
      )}
      {rejected && (
        <p className="outcome bad">
          <strong>Rejected</strong> by {rejected.by}, <Moment at={rejected.at} />: {rejected.reason}
        </p>
      )}
      {status === 'refused' && (
        <p className="outcome bad">
          A gate did not let it pass. Mend what it names and ask again, or let someone who may override it,
          with a reason.
        </p>
      )}
      {status === 'failed' && <p className="outcome bad">{promotion.reason ?? 'It failed.'}</p>}
      {status === 'cancelled' && (
        <p className="outcome">Cancelled by {promotion.cancelled_by ?? 'someone'}.</p>
      )}
      {status === 'superseded' && (
        <p className="outcome">
          {promotion.superseded_by === undefined ? (
            'Another one took the target first.'
          ) : (
            <>
              <a href={links.promotion(name, promotion.superseded_by)}>Promotion {promotion.superseded_by}</a>{' '}
              took the target first.
            </>
          )}
        </p>
      )}
    </>
  );
}

function Approvals({
  promotion: { approvals, gates, author, requested_by: requester },
}: {
  readonly promotion: Promotion;
}) {
  const gate = gates.find((each) => each.gate === 'approvals');
  return (
    <Card
      title={
        <>
          Approvals <span className="count">{approvals.length}</span>
        </>
      }
      flush
    >
      {gate && <p className="hint card-none">{gate.says}</p>}
      {!gate && approvals.length === 0 && <p className="hint card-none">None are asked for.</p>}
      {approvals.length > 0 && (
        <ul className="line-rows">
          {approvals.map(({ by, at, comment }) => (
            <li key={`${by} ${at}`} className="approval">
              <span className="row">
                <strong>{by}</strong>
                <span className="hint">
                  <Ago at={at} />
                </span>
              </span>
              {comment !== undefined && comment !== '' && <span className="note">{comment}</span>}
            </li>
          ))}
        </ul>
      )}
      {gate && (
        <p className="hint card-none">
          {author === undefined || author === requester
            ? `${requester}, who asked for this, cannot approve it.`
            : `Neither ${author}, who registered the version, nor ${requester}, who asked for this, can approve it.`}
        </p>
      )}
    </Card>
  );
}
