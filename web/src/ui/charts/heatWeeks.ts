type Day = { day: string; count: number };

/** Days as columns of weeks that begin on Monday; days before the first and after the last are null. */
export function heatWeeks(days: Day[]): { weeks: (Day | null)[][]; most: number } {
  const sorted = [...days].sort((a, b) => a.day.localeCompare(b.day));
  const weeks: (Day | null)[][] = [];
  let week: (Day | null)[] = [];
  for (const each of sorted) {
    const weekday = (new Date(`${each.day}T00:00:00Z`).getUTCDay() + 6) % 7;
    if (weeks.length === 0 && week.length === 0) week = Array<null>(weekday).fill(null);
    week.push(each);
    if (weekday === 6) {
      weeks.push(week);
      week = [];
    }
  }
  if (week.length > 0) weeks.push([...week, ...Array<null>(7 - week.length).fill(null)]);
  return { weeks, most: Math.max(1, ...sorted.map((each) => each.count)) };
}

/** The last days up to today (UTC), with zero where nothing is told of a day. */
export function lastDays(told: Day[], count: number, today = new Date()): Day[] {
  const byDay = new Map(told.map((each) => [each.day, each.count]));
  return Array.from({ length: count }, (_, at) => {
    const day = new Date(today.getTime() - (count - 1 - at) * 86_400_000).toISOString().slice(0, 10);
    return { day, count: byDay.get(day) ?? 0 };
  });
}
