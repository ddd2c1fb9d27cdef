import { describe, expect, it } from 'vitest';
import { catalogue } from '../src/messages/catalogue';

const t = catalogue('test', { plain: 'Plain', hello: 'Hello {name}, {name}', unknown: '{nobody}', tags: { one: '{count} tag', other: '{count} tags' } });

describe('a catalogue', () => {
  it('says a text as it is', () => expect(t('plain')).toBe('Plain'));
  it('puts a value in wherever its name stands', () => expect(t('hello', { name: 'ann' })).toBe('Hello ann, ann'));
  it('puts in what looks like a name once, as text', () => expect(t('hello', { name: '{name}' })).toBe('Hello {name}, {name}'));
  it('keeps the name of a value that it was not given', () => expect(t('unknown', { other: 1 })).toBe('{nobody}'));
  it.each([[0, '0 tags'], [1, '1 tag'], [2, '2 tags'], [12345, '12,345 tags']])('chooses the form for %i', (count, words) => expect(t('tags', { count })).toBe(words));
});
