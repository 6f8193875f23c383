import type { FreezeWindow, Gate, GateKind, GateVerdict, Promotion, Weekday } from '../api/registry.ts';
import { counted, figure, moment, percent } from '../parts/format.ts';

/** What each gate is called. */
export const gateTitles: Readonly<Record<GateKind, string>> = {
  'required-tags': 'Required tags',
  metric: 'Metric threshold',
  'no-regression': 'No regression',
  schema: 'Compatible schema',
  inspection: 'Inspection',
  signature: 'Signature',
  'evaluation-drift': 'Drift of the evaluation set',
  approvals: 'Approvals',
  freeze: 'Freeze windows',
};

const metricNames: Readonly<Record<string, string>> = {
  accuracy: 'accuracy',
  log_loss: 'log loss',
  f1: 'F1',
  auc: 'AUC',
  rmse: 'RMSE',
  mae: 'MAE',
};

const dayNames: Readonly<Record<Weekday, string>> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
};

/** What a gate asks for, in a sentence. */
export function gateText(gate: Gate): string {
  switch (gate.gate) {
    case 'required-tags':
      return `The version has ${gate.tags.length === 1 ? 'the tag' : 'the tags'} ${listed(gate.tags)}.`;
    case 'metric':
      return `The metric ${gate.key} of the source run is ${boundsText(gate)}.`;
    case 'no-regression':
      return `On the same evaluation set of at least ${counted(gate.rows_min, 'row')}, its ${metricNames[gate.metric] ?? gate.metric} is worse than the champion’s by no more than ${figure(gate.margin)}, with ${percent(gate.confidence)} confidence.`;
    case 'schema':
      return 'What is sent to the champion now can be sent to it too, and the answers have the same form.';
    case 'inspection':
      return 'It was read, run once, and can be served.';
    case 'signature':
      return 'Its files are signed with a key of this platform, and the signature holds.';
    case 'evaluation-drift':
      return `No feature of its evaluation set is further than a PSI of ${figure(gate.threshold)} from the reference set.`;
    case 'approvals':
      return `${counted(gate.count, 'person', 'people')} other than the author of the version and who asks for it ${gate.count === 1 ? 'approves' : 'approve'} it.`;
    case 'freeze':
      return `Not ${listed(gate.windows.map(windowText), 'nor')}.`;
  }
}

/** A window of time, as the end of a sentence. */
function windowText(window: FreezeWindow): string {
  if (!('weekdays' in window))
    return `from ${moment(window.from)} to ${moment(window.to)} (${window.reason})`;
  const days = listed(window.weekdays.map((day) => dayNames[day]));
  return `on ${days} from ${window.from} to ${window.to} in ${window.timezone} (${window.reason})`;
}

/** What a version takes by a promotion. */
export function targetText({ alias, stage }: Promotion['target']): string {
  return alias ?? `stage ${stage ?? ''}`;
}

/** How many gates it passed, how many were overridden, and which hold it up. */
export function verdictText(gates: readonly GateVerdict[]): string {
  if (gates.length === 0) return '—';
  const countOf = (wanted: GateVerdict['status']) => gates.filter(({ status }) => status === wanted).length;
  const overridden = countOf('overridden');
  const held = gates
    .filter(({ status }) => status === 'failed' || status === 'error')
    .map(({ gate }) => (gateTitles[gate as GateKind] ?? gate).toLowerCase());
  return [
    `${countOf('passed')} of ${gates.length} passed`,
    ...(overridden === 0 ? [] : [`${overridden} overridden`]),
    ...(held.length === 0 ? [] : [`${listed(held)} not`]),
  ].join(', ');
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[], last = 'and'): string {
  return words.length < 2
    ? (words[0] ?? '')
    : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;
}

function boundsText({ at_least: low, at_most: high }: Extract<Gate, { gate: 'metric' }>): string {
  const bounds = [
    ...(low === undefined ? [] : [`at least ${figure(low)}`]),
    ...(high === undefined ? [] : [`at most ${figure(high)}`]),
  ];
  return listed(bounds) || 'logged';
}
