/** Bytes at a day, counted in days since 1970. */
export type Point = { day: number; bytes: number };

const dayOf = (text: string): number => Math.floor(Date.parse(`${text.slice(0, 10)}T00:00:00Z`) / 86_400_000);

/**
 * What a chart shows: the days that were counted, where the line goes on from the last of them at today's pace, and the limit. It goes on
 * to the day on which it is full, but at most as far again as `reach` days, since nobody knows more.
 */
export function forecast(days: readonly { day: string; bytes: number }[], today: number, growth: number | undefined, limit: number | undefined, reach = 90): { past: Point[]; future: Point[]; most: number } {
  const past = days.map((each) => ({ day: dayOf(each.day), bytes: each.bytes })).sort((a, b) => a.day - b.day);
  const last = past.at(-1);
  if (last !== undefined && last.day < today) past.push({ day: today, bytes: last.bytes });
  const from = past.at(-1);
  const future: Point[] = [];
  if (from !== undefined && growth !== undefined && growth > 0) {
    const until = limit !== undefined && limit > from.bytes ? Math.min(reach, (limit - from.bytes) / growth) : reach;
    future.push(from, { day: from.day + until, bytes: from.bytes + until * growth });
  }
  return { past, future, most: Math.max(1, limit ?? 0, ...[...past, ...future].map((each) => each.bytes)) };
}
