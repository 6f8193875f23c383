export { type Adwin, type AdwinSettings, newAdwin, observeAdwin } from './adwin.ts';
export { azuremlDrift, type AzuremlMetric } from './azureml.ts';
export { equalWidth, quantileOfBins } from './binned.ts';
export {
  doaneEdges,
  histogram,
  type Histogram,
  openEnded,
  quantileEdges,
  quantileEdgesOf,
  sortedFinite,
  sturgesEdges,
} from './bins.ts';
export { lowerConfidenceBound, pairedDifferences } from './bootstrap.ts';
export {
  cairnDrifted,
  type CairnFigures,
  cairnFigures,
  cairnOfBins,
  cairnOfCategories,
  type CairnThresholds,
  type CountedNumbers,
} from './cairn.ts';
export {
  type CalibrationBin,
  calibrationCurve,
  equalCountBins,
  expectedCalibrationError,
  needsCalibration,
} from './calibration.ts';
export { alignCategories, type CategoryCounts, countCategories } from './categories.ts';
export {
  type CurveOptions,
  type Estimate,
  estimateMulticlass,
  estimatePerformance,
  normalisedProbabilities,
  type ScoredRows,
} from './cbpe.ts';
export { type ChiSquare, chiSquareContingency, chiSquareGoodnessOfFit, chiSquareTail } from './chi-square.ts';
export {
  accuracyOfMatrix,
  averageScores,
  type ClassScores,
  classScores,
  cohensKappa,
  confusionMatrix,
  type ConfusionMatrix,
  matthewsCorrelation,
  type Outcomes,
  outcomesOf,
} from './confusion.ts';
export {
  categoryCounts,
  frequentCounts,
  missingCategory,
  namedCategory,
  numericCounts,
} from './counts.ts';
export { cramersV } from './cramers-v.ts';
export { type Ddm, type DdmSettings, newDdm, observeDdm } from './ddm.ts';
export type { Detection } from './detection.ts';
export {
  hellingerDistance,
  jensenShannonDistance,
  kullbackLeiblerDivergence,
  lInfinityDistance,
  populationStabilityIndex,
  type ZeroRule,
} from './divergence.ts';
export { type Eddm, type EddmSettings, newEddm, observeEddm } from './eddm.ts';
export { evidentlyDrift, type EvidentlyTest } from './evidently.ts';
export {
  accuracy,
  averagePrecision,
  brierScore,
  f1,
  type Figure,
  logLoss,
  meanAbsoluteError,
  rocAuc,
  rootMeanSquaredError,
} from './figures.ts';
export { logGamma } from './gamma.ts';
export { fitIsotonic, type Isotonic, isotonicAt } from './isotonic.ts';
export { type KsMethod, ksOfCounts, type KsTest, ksTwoSample } from './ks.ts';
export { mergeMoments, type Moments, momentsOf, noMoments, variance } from './moments.ts';
export { benjaminiHochberg } from './multiple.ts';
export { murmur3 } from './murmur3.ts';
export { fitNannyml, type FittedNannyml, type NannymlMethod } from './nannyml.ts';
export {
  newPageHinkley,
  observePageHinkley,
  type PageHinkley,
  type PageHinkleySettings,
} from './page-hinkley.ts';
export type { Comparison, Feature, FeatureDrift } from './preset.ts';
export { type DatasetDrift, datasetDrift, type DriftPreset, driftPresets } from './presets.ts';
export { type Proportion, type ProportionsTest, twoProportions } from './proportions.ts';
export { type Random32, xoshiro128 } from './random.ts';
export {
  mergeRegression,
  noRegression,
  regressionErrors,
  type RegressionMoments,
  regressionMoments,
  type RegressionScores,
  regressionScores,
} from './regression.ts';
export {
  aucSamplingError,
  averagePrecisionSamplingError,
  type ClassErrors,
  multiclassAucError,
  multiclassF1Error,
  multiclassSamplingError,
  type SamplingError,
  samplingErrorOf,
  samplingErrors,
} from './sampling-error.ts';
export {
  type BinnedValues,
  normalisedWasserstein,
  normalisedWassersteinOfBins,
  wassersteinDistance,
  wassersteinOfBins,
} from './wasserstein.ts';
