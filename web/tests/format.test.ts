import { describe, expect, it } from 'vitest';
import { ago, bytes, duration, instant, shortDigest } from '../src/messages/format';

describe('sizes', () => {
  it.each([[0, '0 B'], [1023, '1,023 B'], [1024, '1 KiB'], [1536, '1.5 KiB'], [5 * 2 ** 30, '5 GiB'], [2 ** 70, '1,048,576 PiB'], [-2048, '-2 KiB']])('%d bytes', (count, words) => expect(bytes(count)).toBe(words));
});

describe('times', () => {
  const now = new Date('2026-05-01T12:00:00Z');
  const from = (seconds: number) => ago(new Date(now.getTime() + seconds * 1000), now);
  it.each([[0, 'now'], [-59, '59 seconds ago'], [-60, '1 minute ago'], [-3600, '1 hour ago'], [7200, 'in 2 hours'], [-86_400, 'yesterday'], [-10 * 86_400, 'last week'], [-800 * 86_400, '2 years ago']])('%d seconds from now', (seconds, words) => expect(from(seconds)).toBe(words));

  it('takes each kind of date that Quay has', () => {
    for (const value of ['Fri, 01 May 2026 12:00:00 -0000', '2026-05-01T12:00:00Z', 1_777_636_800, 1_777_636_800_000]) expect(instant(value)?.toISOString()).toBe('2026-05-01T12:00:00.000Z');
  });
  it.each([null, undefined, '', 0, 'soon'])('takes %s for no date', (value) => expect(instant(value)).toBeNull());
});

describe('durations', () => {
  it.each([[0, '0s'], [90, '90s'], [120, '2m'], [3600, '1h'], [86_400, '1d'], [604_800, '1w'], [691_200, '8d']])('%d seconds', (seconds, words) => expect(duration(seconds)).toBe(words));
});

it('cuts a digest, and nothing else', () => {
  expect(shortDigest(`sha256:${'ab'.repeat(32)}`)).toBe('sha256:abababababab');
  expect(shortDigest('latest')).toBe('latest');
});
