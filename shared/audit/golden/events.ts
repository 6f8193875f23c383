import type { CairnEvent } from '../../events/index.ts';

const ten = Date.UTC(2026, 2, 1, 10);
const common = {
  requestId: 'request-1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

/** What the golden segment beside this was made of: it must come out of these, to the byte, for as long as format 1 is read. */
export const goldenEvents: readonly {
  readonly event: CairnEvent;
  readonly workspace: string;
  readonly recordedAt: number;
}[] = [
  {
    workspace: 'default',
    recordedAt: ten + 20,
    event: {
      ...common,
      type: 'experiment.created',
      aggregate: 'experiment/7',
      seq: 1,
      actor: 'ada',
      after: `sha256:${'a'.repeat(64)}`,
      at: ten,
      subject: { experimentId: '7' },
    },
  },
  {
    workspace: 'default',
    recordedAt: ten + 20,
    event: {
      ...common,
      type: 'promotion.overridden',
      aggregate: 'promotion/m/1',
      seq: 1,
      actor: 'entra:3f2a/9c1b',
      before: `sha256:${'b'.repeat(64)}`,
      after: `sha256:${'c'.repeat(64)}`,
      reason: 'Grün, "trotzdem" \u{1f600}\n\u0001',
      at: ten - 1,
      subject: { modelId: 'm', number: '1' },
    },
  },
  {
    workspace: '*',
    recordedAt: ten + 400_000,
    event: {
      ...common,
      type: 'access.denied',
      aggregate: 'instance/00c0ffee',
      seq: 1,
      actor: 'anonymous',
      at: ten + 399_000,
      subject: { operation: 'getRun', code: 'unauthenticated', count: '12' },
    },
  },
];
