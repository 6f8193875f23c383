export { redacted } from './find.ts';
export { redactedHeader, redactedNames } from './header.ts';
export { textWithoutSecrets, withoutSecrets } from './policy.ts';
