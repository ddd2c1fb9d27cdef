import { language } from './catalogue';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const short = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(language);
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });

export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${short.format(value)} ${units[unit]!}`;
}

export const count = (value: number): string => whole.format(value);

const steps: [Intl.RelativeTimeFormatUnit, number][] = [['second', 60], ['minute', 60], ['hour', 24], ['day', 7], ['week', 4.35], ['month', 12], ['year', Infinity]];

/** "3 hours ago", "in 2 days". */
export function ago(at: Date, now = new Date()): string {
  let value = (at.getTime() - now.getTime()) / 1000;
  for (const [unit, size] of steps) {
    if (Math.abs(value) < size) return relative.format(Math.round(value), unit);
    value /= size;
  }
  return absolute.format(at);
}

/** The reader's own time and, beside it, the one that logs have. */
export const exact = (at: Date): string => `${absolute.format(at)} · ${at.toISOString()}`;

export const date = (at: Date): string => day.format(at);

/** Quay's answers have dates as RFC 2822 or ISO 8601 text, seconds, or milliseconds under names that end in _ms. */
export function instant(value: string | number | null | undefined): Date | null {
  if (value === null || value === undefined || value === '' || value === 0) return null;
  const at = typeof value === 'number' ? new Date(value < 1e11 ? value * 1000 : value) : new Date(value);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** Enough of a digest to know it again. */
export function shortDigest(digest: string): string {
  const [algorithm, hex] = digest.split(':');
  return hex === undefined ? digest : `${algorithm}:${hex.slice(0, 12)}`;
}

/** "12w", "30d": durations as tags' labels have them, from seconds. */
export function duration(seconds: number): string {
  for (const [size, unit] of [[604800, 'w'], [86400, 'd'], [3600, 'h'], [60, 'm']] as const)
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  return `${seconds}s`;
}
