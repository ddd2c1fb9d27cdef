const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** The seconds of a duration as Quay's settings have it: "2w", "30d", "0s". What is none counts as 0. */
export function seconds(text: string): number {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(text.trim()) ?? [];
  return count === undefined || unit === undefined ? 0 : Number(count) * units[unit]!;
}
