export { convert } from './convert.ts';
export type { ConversionJob } from './job.ts';
export { conversionOf, requestConversion } from './request.ts';
