export { withoutSecret } from './errors.ts';
export { redactedHeader, redactedNames } from './header.ts';
export { sealedSecret, unsealedSecret } from './sealed.ts';
export { textWithoutSecrets, withoutSecrets } from './policy.ts';
