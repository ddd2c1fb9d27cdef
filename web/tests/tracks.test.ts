import { expect, it } from 'vitest';
import { tracks } from '../src/pages/repository/tags/tracks';

const drawn = (digests: string, lanes?: number) => tracks([...digests], lanes).map((row) => row.map((each) => `${each.digest}${each.lane}${each.part[0]}`).join(' '));

it('draws no line for a digest with one tag', () => expect(drawn('abc')).toEqual(['', '', '']));
it('joins the tags of one digest, and passes those of others', () => expect(drawn('abaa')).toEqual(['a0f', 'a0t', 'a0m', 'a0l']));
it('gives lines that overlap lanes of their own', () => expect(drawn('abab')).toEqual(['a0f', 'a0t b1f', 'a0l b1t', 'b1l']));
it('uses a lane again after a line has ended', () => expect(drawn('aabb')).toEqual(['a0f', 'a0l', 'b0f', 'b0l']));
it('leaves a line out when all lanes are taken', () => expect(drawn('abab', 1)).toEqual(['a0f', 'a0t', 'a0l', '']));
