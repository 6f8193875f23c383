import { request } from '../api/client.ts';
import { DownloadButton } from '../parts/DownloadButton.tsx';
import { Icon } from '../parts/Icon.tsx';
import type { Filter } from './audit.ts';

/** All entries that the filters leave, as a file. */
export function AuditExport({ filter }: { readonly filter: Filter }) {
  return (['csv', 'jsonl'] as const).map((format) => (
    <DownloadButton
      key={format}
      name={`audit.${format}`}
      read={async () => {
        const query = new URLSearchParams({ ...filter, format }).toString();
        return (await request(`/api/v1/audit/export?${query}`)).blob();
      }}
    >
      <Icon name="download" size={14} /> {format === 'csv' ? 'CSV' : 'JSON lines'}
    </DownloadButton>
  ));
}
