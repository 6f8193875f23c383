/** Paths of 16 × 16 line icons. */
const paths = {
  overview: 'M2.5 7.5 8 2.5l5.5 5M4 6.5v7h8v-7M6.5 13.5v-4h3v4',
  experiment: 'M6 2.5h4M6.5 2.5v4L3 12.2a.9.9 0 0 0 .8 1.3h8.4a.9.9 0 0 0 .8-1.3L9.5 6.5v-4M5 10h6',
  model: 'M8 2 13.5 5v6L8 14 2.5 11V5L8 2ZM2.5 5 8 8l5.5-3M8 8v6',
  endpoint: 'M9 1.5 3.5 9H8l-1 5.5L12.5 7H8l1-5.5Z',
  monitor: 'M1.5 8.5h3l2-5 3 9 2-4h3',
  job: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5l3 3',
  sun: 'M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5Z',
  system: 'M2 3h12v8H2V3ZM6 13.5h4M8 11v2.5',
  person: 'M8 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM3 13.5c.5-2.5 2.4-3.5 5-3.5s4.5 1 5 3.5',
  plus: 'M8 3v10M3 8h10',
  close: 'm4 4 8 8M12 4l-8 8',
  check: 'm3 8.5 3.5 3.500L13 5',
  down: 'm4 6 4 4 4-4',
  right: 'm6 4 4 4-4 4',
  up: 'm4 10 4-4 4 4',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  columns: 'M2.5 3h11v10h-11V3ZM6.2 3v10M9.8 3v10',
  group: 'M2.5 3.500h11M5 8h8.500M5 12.500h8.500M2.5 8h.01M2.5 12.500h.01',
  download: 'M8 2.500v7.500M4.5 7 8 10.5 11.5 7M2.5 13.500h11',
  refresh: 'M13 5.500A5.5 5.5 0 1 0 13.5 9M13.5 2.500v3.200h-3.2',
  pin: 'M6 2h4l-.5 4.500L12 9H4l2.5-2.500L6 2ZM8 9v5',
  hide: 'M2 2l12 12M6.5 4A6 6 0 0 1 14 8a8 8 0 0 1-1.8 2.300M4 5.200A8 8 0 0 0 2 8c1 2.5 3.3 4 6 4 .7 0 1.4-.1 2-.3',
  show: 'M2 8c1-2.5 3.3-4 6-4s5 1.5 6 4c-1 2.5-3.3 4-6 4S3 10.5 2 8ZM8 9.500a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z',
  trash: 'M2.5 4.500h11M6 4.500v-2h4v2M4 4.500l.6 9h6.800l.6-9M6.7 7v4M9.3 7v4',
  edit: 'm9.5 3.5 3 3-7 7h-3v-3l7-7Z',
  tag: 'M2.5 2.500h5l6 6-5 5-6-6v-5ZM5.3 5.300h.01',
  compare: 'M5.5 2.500v11M10.5 2.500v11M2.5 5.500l3-3 3 3M7.5 10.500l3 3 3-3',
  copy: 'M5.5 5.500h8v8h-8v-8ZM2.5 10.500v-8h8',
  file: 'M4 1.500h5.500L13 5v9.500H4v-13ZM9.5 1.500V5H13',
  folder: 'M1.5 3.500h4.500l1.5 2h7v7.500h-13v-9.500Z',
  warning: 'M8 2 14.5 13.500h-13L8 2ZM8 6.500v3M8 11.500h.01',
  webhook:
    'M6.2 7.2 4 11a2 2 0 1 0 1.700 1h5M9.500 5A2 2 0 1 0 6.200 6.200L8.700 10.500M9 8a2 2 0 1 1 2.200 2.800',
  alias: 'M3.5 14V2.500h8.500L10 5.500l2 3H3.500',
  signed:
    'M8 1.500 13 3.500v4c0 3.500-2.200 5.800-5 7-2.800-1.200-5-3.500-5-7v-4l5-2ZM5.700 8l1.700 1.700 3-3.200',
  back: 'M6 3 2.500 6.500 6 10M2.500 6.500h7a4 4 0 0 1 0 7H6',
  promote: 'M8 13.500v-9M4 8l4-4 4 4M3 2h10',
  settings: 'M2.5 4.500h6M11.5 4.500h2M2.5 11.500h2M7.5 11.500h6M10 6V3M6 13v-3',
} as const;

export type IconName = keyof typeof paths;

/** A line icon that says nothing by itself: what it stands for is told beside it. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
