export { type DatasetRef, datasetRef } from './ref.ts';
