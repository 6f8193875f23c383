import type { EdgeSet } from '../edges.ts';
import type { ProfileKey, RowTable } from '../profile.ts';

/** What `profile-1.profile` was made of. */
export const key: ProfileKey = {
  digest: `sha256:${'ab'.repeat(32)}`,
  edgeSet: '0011223344556677',
  source: 'realtime',
  segment: '',
  hour: '2026010203',
};

export const edges: EdgeSet = {
  v: 1,
  id: '0011223344556677',
  features: [
    { name: 'höhe', kind: 'numeric', edges: [-1, 0, 0.5, 2] },
    { name: 'length', kind: 'numeric', edges: [] },
    { name: 'secret', kind: 'numeric', edges: [1] },
    { name: 'town', kind: 'categorical', categories: ['Bern', 'Köln'] },
    { name: 'unasked', kind: 'categorical', categories: null },
  ],
  score: [0.25, 0.75],
};

const columns: Readonly<Record<string, readonly (string | number | null)[]>> = {
  predictionId: [
    '2026010203-00112233445566ff-0-cbe3312a',
    '2026010203-00112233445566ff-1-c8b35191',
    '2026010203-00112233445566ff-2-a07f4b7b',
    '2026010203-aaaaaaaaaaaaaaaa-500-00000001',
  ],
  'in.höhe': [-1, 0.75, 2, Number.NaN],
  'in.length': [1.5, Number.POSITIVE_INFINITY, 'long', '9007199254740993'],
  'in.secret': [null, null, null, null],
  'in.town': ['Köln', 'Köln', 'Zürich', null],
  score: [0, 1, 0.5, 0.3],
  class: ['yes', 'no', 'yes', null],
};

export const table: RowTable = {
  rows: 4,
  columns: Object.keys(columns),
  column: (name) => columns[name] ?? [],
  hidden: new Map([['in.secret', { rule: 'mask' }]]),
};
