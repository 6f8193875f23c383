export { withoutSecret } from './errors.ts';
export { redactedHeader, redactedNames } from './header.ts';
export { textWithoutSecrets, withoutSecrets } from './policy.ts';
