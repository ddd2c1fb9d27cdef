import type { Schema } from '../../../api/client';

/** What a quota says: how much, and from which percents on pushes are warned of and refused. */
export type Rule = { limit: string; warnings: number[]; reject: number | null };

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size as somebody would have written it, without rounding: the API takes whole numbers of a unit. */
export function written(bytes: number): string {
  let unit = 0;
  while (bytes >= 1024 && bytes % 1024 === 0 && unit < units.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${bytes} ${units[unit]!}`;
}

/** The percents in a text such as "80, 95"; null where there is something else in it. */
export function percents(text: string): number[] | null {
  const found = text.split(/[\s,;%]+/).filter((part) => part !== '').map(Number);
  return found.every((each) => Number.isInteger(each) && each >= 1 && each <= 100) ? [...new Set(found)].sort((a, b) => a - b) : null;
}

export const ruleOf = (quota: Schema<'ShownQuota'>): Rule => ({
  limit: written(quota.limit_bytes),
  warnings: quota.limits.filter((each) => each.type === 'Warning').map((each) => each.limit_percent).sort((a, b) => a - b),
  reject: quota.limits.find((each) => each.type === 'Reject')?.limit_percent ?? null,
});

/** The thresholds as they are set. */
export const thresholds = ({ warnings, reject }: Rule): Schema<'NewLimit'>[] =>
  [...warnings.map((threshold_percent) => ({ type: 'Warning', threshold_percent })), ...(reject === null ? [] : [{ type: 'Reject', threshold_percent: reject }])];

export const bodyOf = (prefix: string, rule: Rule): Schema<'NewQuota'> => ({ limit: rule.limit, prefix: prefix || null, limits: thresholds(rule) });
