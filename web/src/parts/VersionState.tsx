import type { InspectionState } from '../api/registry.ts';
import { Chip } from './Chip.tsx';

/** Whether a version can be served, in a word. */
export function VersionState({
  inspection,
}: {
  readonly inspection: { readonly state: InspectionState['state'] };
}) {
  return <Chip state={stateWords[inspection.state]} />;
}

const stateWords = { pending: 'reading', ready: 'ready', refused: 'not servable' } as const;
