export { type Calibrator, type EstimatedMetric, fitCalibrator } from './calibrator.ts';
export { conceptDrift, type ConceptDriftInput } from './concept-drift.ts';
export { conceptErrorsFrom, type ConceptState } from './concept-state.ts';
export { defaultDetectors, type DetectorName, detectorNames, type DetectorSettings } from './detectors.ts';
export { estimatedPerformance, type EstimatedPerformanceInput } from './estimated-performance.ts';
export { cutItems, insufficient, type JudgedSignal, orderedItems, signalOf } from './items.ts';
export { latency, type LatencyInput, latencyOf } from './latency.ts';
export {
  type Learnt,
  learnBounds,
  learntWindowsMax,
  type PastWindow,
  type Side,
} from './learnt.ts';
export { performance, type PerformanceBaseline, type PerformanceInput } from './performance.ts';
export {
  type PerformanceFigures,
  performanceFigures,
  type PerformanceMetric,
} from './performance-figures.ts';
export { traffic, type Traffic, type TrafficInput, trafficOf } from './traffic.ts';
export { excess, isOutside, judgedItem, unjudgedItem, verdictOf } from './verdict.ts';
