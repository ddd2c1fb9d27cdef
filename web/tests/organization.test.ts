import { describe, expect, it } from 'vitest';
import { dayOf, endOn } from '../src/pages/organization/robots/ends';
import { noRights, steps } from '../src/pages/organization/robots/rights';
import { percents, ruleOf, written } from '../src/pages/organization/usage/rule';

it('gives a robot what is new, takes what is gone, and leaves the rest alone', () => {
  const from = { teams: new Set(['stay', 'leave']), grants: new Map([['same', 'read'], ['more', 'read'], ['none', 'admin']] as const) };
  const to = { teams: new Set(['stay', 'join']), grants: new Map([['same', 'read'], ['more', 'write'], ['new', 'read']] as const) };
  expect(steps(from, to)).toEqual({ join: ['join'], leave: ['leave'], give: [['more', 'write'], ['new', 'read']], take: ['none'] });
  expect(steps(from, from)).toEqual({ join: [], leave: [], give: [], take: [] });
  expect(steps(noRights, to).take).toEqual([]);
});

it('has a robot end when the chosen day begins where the reader is', () => {
  expect(dayOf(new Date(2031, 2, 9, 23, 59))).toBe('2031-03-09');
  expect(endOn('2031-03-09')).toBe(new Date(2031, 2, 9).getTime() / 1000);
  expect(dayOf(new Date(endOn('2031-12-31') * 1000))).toBe('2031-12-31');
});

describe('quotas', () => {
  it.each([[1, '1 B'], [1023, '1023 B'], [1024, '1 KiB'], [1500, '1500 B'], [50 * 2 ** 30, '50 GiB'], [1536 * 2 ** 20, '1536 MiB'], [2 ** 60, '1024 PiB'], [500_000_000, '500000000 B']])('%d bytes are written without rounding', (bytes, text) =>
    expect(written(bytes)).toBe(text));
  it.each([['', []], ['80', [80]], ['95, 80,80', [80, 95]], ['80% 90 %', [80, 90]]])('the percents of "%s"', (text, found) => expect(percents(text)).toEqual(found));
  it.each(['0', '101', '8.5', 'most', '80; never'])('"%s" are no percents', (text) => expect(percents(text)).toBeNull());
  it('are told as they are edited', () =>
    expect(ruleOf({ id: 1, limit_bytes: 1024, prefix: '', limits: [{ id: 3, type: 'Reject', limit_percent: 100 }, { id: 2, type: 'Warning', limit_percent: 90 }, { id: 1, type: 'Warning', limit_percent: 80 }] })).toEqual({ limit: '1 KiB', warnings: [80, 90], reject: 100 }));
});
