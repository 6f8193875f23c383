import { alertSignals, type TimelineEntry } from '../api/alerts.ts';
import type { Tone } from '../parts/Chip.tsx';
import { figure } from '../parts/format.ts';

const kinds: Readonly<Record<string, readonly [heading: string, tone: Tone]>> = {
  opened: ['Opened', 'bad'],
  joined: ['Alert joined', 'bad'],
  escalated: ['Grew worse', 'bad'],
  'alert-resolved': ['Alert resolved', 'good'],
  resolved: ['Resolved', 'good'],
  silenced: ['Silenced', 'quiet'],
  'silence-ended': ['Silence over', 'quiet'],
  reminded: ['Reminded', 'busy'],
  acknowledged: ['Acknowledged', 'quiet'],
  note: ['Note', 'quiet'],
  retraining: ['Retraining', 'busy'],
  gate: ['Gate', 'busy'],
  promoted: ['Promoted', 'good'],
  rollout: ['Rollout', 'busy'],
};

export function headingOf({ kind }: TimelineEntry): string {
  return kinds[kind]?.[0] ?? kind.replaceAll('-', ' ');
}

export function toneOf({ kind }: TimelineEntry): Tone {
  return kinds[kind]?.[1] ?? 'quiet';
}

type Part = string | { readonly at: number };

const times = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;
const names = new RegExp(`\\b(${alertSignals.filter((name) => name.includes('-')).join('|')})\\b`, 'g');

/** The text of an entry: what a person wrote as it stands, else with its times apart, its figures and names in words. */
export function partsOf({ text, by, kind }: TimelineEntry): readonly Part[] {
  if (kind === 'note' || kind === 'acknowledged' || (by !== undefined && kind !== 'silenced')) return [text];
  return text
    .split(times)
    .filter((part) => part !== '')
    .map((part, at) => (times.test(part) ? { at: Date.parse(part) } : inWords(part, at === 0)));
}

function inWords(text: string, isFirst: boolean): string {
  const plain = text
    .replace(names, (name) => name.replaceAll('-', ' '))
    .replace(/(?<=[a-z])-(?=[a-z]+ \d)/g, ' ')
    .replace(/\b(?:psi|auc|mae|rmse|r2)(?= \d)/g, (name) => name.toUpperCase())
    .replace(/\d+\.\d{5,}(?:e-?\d+)?/g, (digits) => figure(Number(digits), 4));
  return isFirst ? plain.charAt(0).toUpperCase() + plain.slice(1) : plain;
}
