export { excerpt } from './excerpt.ts';
export { redacted, secretsIn } from './find.ts';
