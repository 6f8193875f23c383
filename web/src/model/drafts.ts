import {
  comparedMetrics,
  type FreezeWindow,
  type Gate,
  type GateKind,
  type Weekday,
  weekdays,
} from '../api/registry.ts';

/** One input of a gate's form. */
export type GateField = {
  readonly name: string;
  readonly label: string;
  readonly kind: 'number' | 'text' | 'list';
  readonly optional?: boolean;
  readonly hint?: string;
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
};

/** A gate as its form holds it: texts, as they are typed. */
export type GateDraft = {
  readonly id: number;
  readonly gate: GateKind;
  readonly texts: Readonly<Record<string, string>>;
  readonly windows: readonly WindowDraft[];
};

export type WindowDraft = {
  readonly id: number;
  readonly kind: 'once' | 'weekly';
  readonly from: string;
  readonly to: string;
  readonly weekdays: readonly Weekday[];
  readonly timezone: string;
  readonly reason: string;
};

/** What is asked for each gate; windows of a freeze have a form of their own. */
export const gateFields: Readonly<Record<GateKind, readonly GateField[]>> = {
  'required-tags': [{ name: 'tags', label: 'Tags', kind: 'list', hint: 'Names, separated by commas.' }],
  metric: [
    { name: 'key', label: 'Metric', kind: 'text', hint: 'Of the run that made the version.' },
    { name: 'at_least', label: 'At least', kind: 'number', optional: true },
    { name: 'at_most', label: 'At most', kind: 'number', optional: true },
  ],
  'no-regression': [
    { name: 'metric', label: 'Compared by', kind: 'text', choices: comparedMetrics },
    { name: 'margin', label: 'Margin', kind: 'number', min: 0, hint: 'So much worse is no regression yet.' },
    { name: 'rows_min', label: 'Rows at least', kind: 'number', min: 1 },
    { name: 'confidence', label: 'Confidence', kind: 'number', min: 0.5, max: 1, hint: 'Such as 0.95.' },
  ],
  schema: [],
  inspection: [],
  signature: [],
  'evaluation-drift': [
    { name: 'threshold', label: 'PSI at most', kind: 'number', min: 0, hint: '0.2 is a common bound.' },
  ],
  approvals: [{ name: 'count', label: 'People', kind: 'number', min: 1 }],
  freeze: [],
};

const starts: Readonly<Partial<Record<GateKind, Readonly<Record<string, string>>>>> = {
  'no-regression': { metric: 'accuracy', margin: '0.01', rows_min: '100', confidence: '0.95' },
  'evaluation-drift': { threshold: '0.2' },
  approvals: { count: '1' },
};

let drafts = 0;

/** A gate of a kind as its form begins. */
export function newDraft(gate: GateKind): GateDraft {
  return {
    id: ++drafts,
    gate,
    texts: starts[gate] ?? {},
    windows: gate === 'freeze' ? [newWindow()] : [],
  };
}

export function newWindow(): WindowDraft {
  return {
    id: ++drafts,
    kind: 'weekly',
    from: '18:00',
    to: '08:00',
    weekdays: ['fri'],
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    reason: '',
  };
}

/** The form of a gate as it stands. */
export function draftOf(gate: Gate): GateDraft {
  const said = gate as Readonly<Record<string, unknown>>;
  const texts = gateFields[gate.gate].flatMap(({ name }): [string, string][] => {
    const value = said[name];
    if (value === undefined || value === null) return [];
    return [[name, Array.isArray(value) ? value.join(', ') : String(value)]];
  });
  return {
    id: ++drafts,
    gate: gate.gate,
    texts: Object.fromEntries(texts),
    windows: gate.gate === 'freeze' ? gate.windows.map(windowDraftOf) : [],
  };
}

/** The gate that a form says; whether it holds water is for the server to say. */
export function gateOf({ gate, texts, windows }: GateDraft): Gate {
  const said = gateFields[gate].flatMap(({ name, kind }): [string, unknown][] => {
    const text = (texts[name] ?? '').trim();
    if (kind === 'list') return [[name, wordsOf(text)]];
    if (text === '') return [];
    return [[name, kind === 'number' ? Number(text) : text]];
  });
  return {
    gate,
    ...Object.fromEntries(said),
    ...(gate === 'freeze' ? { windows: windows.map(windowOf) } : {}),
  } as Gate;
}

/** `a, b` as its words. */
export function wordsOf(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
}

function windowDraftOf(window: FreezeWindow): WindowDraft {
  const start = { ...newWindow(), reason: window.reason };
  return 'weekdays' in window
    ? { ...start, ...window, kind: 'weekly' }
    : { ...start, kind: 'once', from: localText(window.from), to: localText(window.to) };
}

function windowOf({ kind, from, to, weekdays: days, timezone, reason }: WindowDraft): FreezeWindow {
  return kind === 'once'
    ? { from: new Date(from).getTime(), to: new Date(to).getTime(), reason }
    : { weekdays: weekdays.filter((day) => days.includes(day)), from, to, timezone, reason };
}

/** A point in time as an input of the browser writes it, on the reader's clock. */
function localText(at: number): string {
  const date = new Date(at);
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
