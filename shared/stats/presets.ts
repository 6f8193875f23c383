import { azuremlDrift } from './azureml.ts';
import { cairnDrift } from './cairn.ts';
import { evidentlyDrift } from './evidently.ts';
import { fitNannyml } from './nannyml.ts';
import type { Feature, FeatureDrift } from './preset.ts';

/** Whose rules decide what has drifted: which test, bins, logarithm, smoothing, comparison and threshold. */
export const driftPresets = ['cairn', 'evidently', 'nannyml', 'azureml'] as const;

export type DriftPreset = (typeof driftPresets)[number];

/** Share of drifted columns at which the data have drifted; a peer without such a rule alerts for any column. */
const drifted: Record<DriftPreset, (share: number) => boolean> = {
  cairn: (share) => share >= 0.3,
  evidently: (share) => share >= 0.5,
  nannyml: (share) => share > 0,
  azureml: (share) => share > 0,
};

export type DatasetDrift = {
  readonly columns: readonly FeatureDrift[];
  /** Of all columns; 0 without any. */
  readonly share: number;
  readonly isDrifted: boolean;
};

/**
 * Holds columns against their reference by the defaults of a preset.
 *
 * @throws RangeError for two columns of different kinds
 */
export function datasetDrift(
  preset: DriftPreset,
  columns: readonly (readonly [reference: Feature, current: Feature])[],
): DatasetDrift {
  const each = presets[preset](columns);
  const share = each.length === 0 ? 0 : each.filter(({ isDrifted }) => isDrifted).length / each.length;
  return { columns: each, share, isDrifted: drifted[preset](share) && each.length > 0 };
}

const presets: Record<DriftPreset, (columns: readonly (readonly [Feature, Feature])[]) => FeatureDrift[]> = {
  cairn: (columns) => cairnDrift(columns),
  evidently: (columns) => columns.map(([reference, current]) => evidentlyDrift(reference, current)),
  nannyml: (columns) => columns.map(([reference, current]) => fitNannyml(reference).driftOf(current)),
  azureml: (columns) => columns.map(([reference, current]) => azuremlDrift(reference, current)),
};
