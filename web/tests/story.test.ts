import { expect, it } from 'vitest';
import { story } from '../src/pages/repository/history/story';

type Lifetime = Parameters<typeof story>[0][number];

const life = (start_ts: number, end_ts?: number, more: Partial<Lifetime> = {}) => ({ name: 'v1', manifest_digest: `sha256:${start_ts}`, start_ts, end_ts, reversion: false, started_by: 'ann', ended_by: null, ...more }) as Lifetime;
const told = (...lifetimes: Lifetime[]) => story(lifetimes, 100).map((each) => `${each.what} ${each.tag} ${each.at}`);

it('begins with a push', () => expect(told(life(1))).toEqual(['pushed v1 1']));
it('tells a move once, not as an end and a beginning', () => expect(told(life(5), life(1, 5))).toEqual(['moved v1 5', 'pushed v1 1']));
it('tells who removed a tag', () => expect(story([life(1, 5, { ended_by: 'bob' })], 100)[0]).toMatchObject({ what: 'removed', by: 'bob', at: 5 }));
it('tells an end that nobody made as an expiry', () => expect(told(life(1, 5))).toEqual(['expired v1 5', 'pushed v1 1']));
it('does not tell an end that has not come', () => expect(told(life(1, 101))).toEqual(['pushed v1 1']));
it('tells a restoration as such', () => expect(told(life(9, undefined, { reversion: true }), life(1, 5, { ended_by: 'bob' }))).toEqual(['restored v1 9', 'removed v1 5', 'pushed v1 1']));
it('keeps the ends of one tag apart from the beginnings of another', () => expect(told(life(5, undefined, { name: 'v2' }), life(1, 5, { ended_by: 'bob' }))).toContain('removed v1 5'));
