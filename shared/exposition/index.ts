export { exposition } from './exposition.ts';
export { type FamilyName, families, sampleNames } from './families.ts';
export { contentTypes, formatFor } from './text.ts';
