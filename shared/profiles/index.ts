export { type Answers, type Matrix, noRowsOf, ProfileCounter } from './counter.ts';
export { countDistinct } from './distinct.ts';
export { type EdgeSet, edgeSetOf, type ReferenceColumn } from './edges.ts';
export { foldHour, type Repeats } from './fold.ts';
export type { NumericCounts } from './numeric.ts';
export {
  type FeatureCounts,
  mergeProfiles,
  type Profile,
  type ProfileKey,
  profileOf,
  type RowTable,
} from './profile.ts';
export { scoreBins, type ScoresByClass } from './scores.ts';
export {
  countedPart,
  edgesFor,
  isWithoutEdges,
  keepEdges,
  type PartOf,
  partProfileName,
  profileFolder,
  readProfile,
  removeProfiles,
  removeProfilesBefore,
  writeCounted,
  writePartProfile,
  writeProfile,
} from './store.ts';
