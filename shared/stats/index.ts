export {
  doaneEdges,
  histogram,
  type Histogram,
  openEnded,
  quantileEdges,
  sturgesEdges,
} from './bins.ts';
export { alignCategories, type CategoryCounts, countCategories } from './categories.ts';
export { type ChiSquare, chiSquareContingency, chiSquareGoodnessOfFit, chiSquareTail } from './chi-square.ts';
export {
  hellingerDistance,
  jensenShannonDistance,
  lInfinityDistance,
  populationStabilityIndex,
  type ZeroRule,
} from './divergence.ts';
export { type KsMethod, ksOfCounts, type KsTest, ksTwoSample } from './ks.ts';
export { mergeMoments, type Moments, momentsOf, noMoments, variance } from './moments.ts';
export { benjaminiHochberg } from './multiple.ts';
export { normalisedWasserstein, wassersteinDistance } from './wasserstein.ts';
