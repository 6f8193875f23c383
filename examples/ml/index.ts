export { type BoostingOptions, trainBoosting } from './boosting.ts';
export { encode, encodeExamples, type Encoding, featureNames, fitEncoding, type Row } from './encode.ts';
export { type Classifier, type Examples, pick, type Progress } from './examples.ts';
export { type LogisticOptions, trainLogistic } from './logistic.ts';
export {
  accuracy,
  binaryAuc,
  confusionMatrix,
  type Evaluation,
  evaluate,
  f1Macro,
  logLoss,
  predictedLabels,
  rocAuc,
} from './metrics.ts';
export { random } from './random.ts';
export { splitByKey } from './split.ts';
