import type { Conversion } from '../api/registry.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Facts } from '../parts/Facts.tsx';
import { counted, duration, figure } from '../parts/format.ts';
import { Moment } from '../parts/Time.tsx';

/** The conversion of a version to ONNX: how far it is, and how well the copy agrees with the original. */
export function ConversionCard({ conversion }: { readonly conversion: Conversion }) {
  const { status, check, reason, log_tail: log, started_at: start, finished_at: end } = conversion;
  return (
    <Card
      title={
        <span className="row">
          Conversion <Chip state={status} />
        </span>
      }
    >
      <div className="stack" aria-live="polite">
        <p className={status === 'failed' ? 'reason' : 'hint'}>{reason ?? statusText(conversion)}</p>
        <Facts
          of={{
            'Asked by': conversion.requested_by,
            Asked: <Moment at={conversion.created_at} />,
            Attempt: conversion.attempt > 1 && conversion.attempt,
            Took: start !== undefined && end !== undefined && duration(end - start),
            Rows: check && counted(check.rows, 'row'),
            'Largest difference': check && figure(check.max_abs_difference, 3),
            Allowed: check && figure(check.tolerance),
          }}
        />
        {log !== undefined && log !== '' && (
          <details open={status === 'running' || status === 'failed'}>
            <summary>Log</summary>
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
            <pre className="log" tabIndex={0}>
              {log}
            </pre>
          </details>
        )}
      </div>
    </Card>
  );
}

function statusText({ status }: Conversion): string {
  switch (status) {
    case 'waiting':
      return 'It waits for an executor.';
    case 'running':
      return 'The model is loaded, written as ONNX, and both are run on the logged input example.';
    case 'succeeded':
      return 'The ONNX copy stands beside the original and answers the same on the logged input example.';
    case 'failed':
      return 'It failed.';
  }
}
