export { columnHasher, hashedText, type HashKey, keyedHash, keyIdIn } from './hash.ts';
export {
  canHash,
  currentHashKey,
  type HashKeyFacts,
  hashKeys,
  listHashKeys,
  noKeyStore,
  rotateHashKey,
} from './keys.ts';
export { type DataPolicy, highRiskDaysMin, isHighRisk, retentionDaysDefault } from './policy.ts';
export {
  type ColumnRules,
  joinRules,
  type LoggedColumn,
  type NamedRules,
  noRules,
  type Rule,
  ruleOf,
  rulesInSchema,
  rulesInTags,
} from './rules.ts';
