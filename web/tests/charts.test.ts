import { describe, expect, it } from 'vitest';
import { forecast } from '../src/pages/organization/usage/forecast';
import { heatWeeks } from '../src/ui/charts/heatWeeks';

describe('weeks of a heatmap', () => {
  const day = (name: string, count = 1) => ({ day: name, count });
  it('begin on Monday, whatever the first day is', () => {
    const { weeks } = heatWeeks([day('2026-04-29'), day('2026-04-30'), day('2026-05-04')]);
    expect(weeks[0]!.slice(0, 3)).toEqual([null, null, day('2026-04-29')]);
  });
  it('put a Sunday last', () => expect(heatWeeks([day('2026-05-03')]).weeks[0]!.findIndex((each) => each !== null)).toBe(6));
  it('know the busiest day', () => expect(heatWeeks([day('2026-05-01', 3), day('2026-05-02', 9)]).most).toBe(9));
});

describe('a forecast', () => {
  const start = Date.parse('2026-05-01T00:00:00Z') / 86_400_000;
  const days = [{ day: '2026-05-01', bytes: 100 }, { day: '2026-05-03', bytes: 300 }];
  it('ends on the day that is full', () => expect(forecast(days, start + 2, 50, 400).future.at(-1)).toEqual({ day: start + 4, bytes: 400 }));
  it('ends where nobody can know more', () => expect(forecast(days, start + 2, 1, 100_000, 90).future.at(-1)).toEqual({ day: start + 92, bytes: 390 }));
  it('goes on from today when the last change is older', () => {
    const { past, future } = forecast(days, start + 10, 50, 400);
    expect(past.at(-1)).toEqual({ day: start + 10, bytes: 300 });
    expect(future[0]!.day).toBe(start + 10);
  });
  it.each([undefined, 0, -5])('says nothing when it grows by %s a day', (growth) => expect(forecast(days, start + 2, growth, 400).future).toEqual([]));
  it('has the quota in sight, and what is above it', () => {
    expect(forecast(days, start + 2, undefined, 400).most).toBe(400);
    expect(forecast(days, start + 2, undefined, 200).most).toBe(300);
  });
  it('shows nothing of a namespace that never held anything', () => expect(forecast([], start, 10, 10)).toEqual({ past: [], future: [], most: 10 }));
});
