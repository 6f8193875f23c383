import type { NamedRules } from './rules.ts';

/** Why an endpoint logs what it is asked, how long that is kept, and which columns are personal data. */
export type DataPolicy = {
  /** 1 for the first, counted up by each change. */
  readonly version: number;
  readonly purpose: string;
  readonly retentionDays: number;
  readonly pii: NamedRules;
  /** The column that tells people apart, by which their rows can be erased. */
  readonly subjectKey?: string;
  readonly changedAt: number;
  readonly changedBy: string;
};

export const retentionDaysDefault = 400;

/**
 * Regulation (EU) 2024/1689 (AI Act), Articles 19(1) and 26(6): logs of a high-risk system are kept for at
 * least six months.
 */
export const highRiskDaysMin = 183;

/** Whether tags or labels say that a system is high-risk. */
export function isHighRisk(...tagged: readonly (Readonly<Record<string, string>> | undefined)[]): boolean {
  return tagged.some((tags) => tags?.['risk']?.toLowerCase() === 'high');
}
