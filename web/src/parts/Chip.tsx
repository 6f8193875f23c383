import type { ReactNode } from 'react';

export type Tone = 'good' | 'bad' | 'busy' | 'quiet';

const tones: Readonly<Record<string, Tone>> = {
  FINISHED: 'good',
  FAILED: 'bad',
  KILLED: 'bad',
  RUNNING: 'busy',
  ready: 'good',
  waiting: 'busy',
  stable: 'good',
  ok: 'good',
  breached: 'bad',
  drifted: 'bad',
  degraded: 'bad',
  deleted: 'bad',
  'not servable': 'bad',
  succeeded: 'good',
  promoted: 'good',
  failed: 'bad',
  running: 'busy',
  committing: 'busy',
  planned: 'busy',
  requested: 'busy',
  training: 'busy',
  cancelling: 'busy',
  gating: 'busy',
  promoting: 'busy',
  reading: 'busy',
  pending: 'busy',
  evaluating: 'busy',
  refused: 'bad',
  rejected: 'bad',
  passed: 'good',
  overridden: 'busy',
  error: 'bad',
  valid: 'good',
  'not valid': 'bad',
  delivered: 'good',
  active: 'good',
  Production: 'good',
  Staging: 'busy',
};

/** A state in a word; its colour follows from the word. */
export function Chip({
  state,
  tone = tones[state] ?? 'quiet',
}: {
  readonly state: string;
  readonly tone?: Tone;
}) {
  return <span className={`chip ${tone}`}>{state.toLowerCase().replaceAll('-', ' ')}</span>;
}

/** A state as a dot, for rows that have no room for words; the word is the tooltip. */
export function Dot({ state }: { readonly state: string }) {
  const word = state.toLowerCase();
  return <span className={`dot ${tones[state] ?? 'quiet'}`} role="img" aria-label={word} title={word} />;
}

export function Tag({ title, children }: { readonly title?: string; readonly children: ReactNode }) {
  return (
    <span className="tag" title={title}>
      {children}
    </span>
  );
}
