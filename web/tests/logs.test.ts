import { describe, expect, it } from 'vitest';
import { kindsLike, kindsOf } from '../src/ui/logs/kinds';
import { kindWords, knownKinds, sentence } from '../src/ui/logs/messages';

describe('kinds of entries', () => {
  it.each([['push_repo', ['push_repo']], ['push_repo,create_tag', ['push_repo', 'create_tag']], [' a , a,,b', ['a', 'b']], ['', []], [undefined, []]])('in an address: %s', (text, kinds) => expect(kindsOf(text)).toEqual(kinds));
  it('are found by what they are called', () => expect(kindsLike('Push repo')).toEqual(['push_repo', 'push_repo_failed']));
  it('are found by what the log says of them', () => expect(kindsLike('pushed')).toEqual(['push_repo']));
  it('are all there when nothing is asked for', () => expect(kindsLike(' ')).toEqual(knownKinds));
  it('are called by words', () => expect(kindWords('org_add_team_member')).toBe('Org add team member'));
  it('that are not known are told as they are called', () => expect(sentence('do_something_new', {})).toBe('Do something new'));
});
