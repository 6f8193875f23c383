export { coarsened, coarseStarts, equalWidth, quantileOfBins } from './binned.ts';
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
export { alignCategories, type CategoryCounts, countCategories } from './categories.ts';
export { type ChiSquare, chiSquareContingency, chiSquareGoodnessOfFit, chiSquareTail } from './chi-square.ts';
export {
  categoryCounts,
  frequentCounts,
  missingCategory,
  namedCategory,
  numericCounts,
} from './counts.ts';
export { cramersV } from './cramers-v.ts';
export {
  hellingerDistance,
  jensenShannonDistance,
  kullbackLeiblerDivergence,
  lInfinityDistance,
  populationStabilityIndex,
  type ZeroRule,
} from './divergence.ts';
export {
  accuracy,
  f1,
  type Figure,
  logLoss,
  meanAbsoluteError,
  rocAuc,
  rootMeanSquaredError,
} from './figures.ts';
export { logGamma } from './gamma.ts';
export { type KsMethod, ksOfCounts, type KsTest, ksTwoSample } from './ks.ts';
export { mergeMoments, type Moments, momentsOf, noMoments, variance } from './moments.ts';
export { benjaminiHochberg } from './multiple.ts';
export { murmur3 } from './murmur3.ts';
export { type Proportion, type ProportionsTest, twoProportions } from './proportions.ts';
export { type Random32, xoshiro128 } from './random.ts';
export { normalisedWasserstein, wassersteinDistance } from './wasserstein.ts';
export { type Adwin, type AdwinSettings, newAdwin, observeAdwin } from './adwin.ts';
export { type Ddm, type DdmSettings, newDdm, observeDdm } from './ddm.ts';
export type { Detection } from './detection.ts';
export { type Eddm, type EddmSettings, newEddm, observeEddm } from './eddm.ts';
export {
  newPageHinkley,
  observePageHinkley,
  type PageHinkley,
  type PageHinkleySettings,
} from './page-hinkley.ts';
