export { ByteReader, ByteWriter } from './bytes.ts';
export { type Answers, type Matrix, noRowsOf, ProfileCounter } from './counter.ts';
export { countDistinct } from './distinct.ts';
export { type EdgeSet, edgeSetOf, type ReferenceColumn } from './edges.ts';
export { foldHour, type HourLog } from './fold.ts';
export type { NumericCounts } from './numeric.ts';
export {
  type FeatureCounts,
  mergeProfiles,
  type Profile,
  type ProfileKey,
  profileOf,
  type RowTable,
} from './profile.ts';
export { removeMadeOf, removeProfiles, removeProfilesBefore } from './remove.ts';
export type { Uncounted } from './roll-up.ts';
export {
  countScores,
  mergeScores,
  readScores,
  scoreBins,
  type ScoresByClass,
  writeScores,
} from './scores.ts';
export {
  putSegments,
  type Segmentation,
  segmentationOf,
  segmentNames,
  segmentProfiles,
  segmentsOf,
  splitter,
} from './segments.ts';
export { boundsOf, isSettled, type Span, spanAt, wholeHours } from './spans.ts';
export {
  countedPart,
  countedSegments,
  type CountedFiles,
  edgesFor,
  isWithoutEdges,
  keepEdges,
  keyOf,
  type PartOf,
  partProfileName,
  profileFolder,
  readProfile,
  rollUpName,
  spanFolder,
  writeCounted,
  writePartProfile,
  writeProfile,
} from './store.ts';
export { type HoursLog, Spans, sumOf } from './window.ts';
