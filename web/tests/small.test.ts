import { describe, expect, it } from 'vitest';
import { browserName } from '../src/pages/account/browserName';
import { seconds } from '../src/pages/organization/settings/seconds';
import { groups } from '../src/pages/search/groups';
import { question } from '../src/pages/security/question';
import { settings } from '../src/pages/superuser/settings';

describe('what is asked about security', () => {
  it.each(['CVE-2021-44228', 'cve-2024-3094', 'GHSA-jfh8-c2jp-5v3q', 'RHSA-2024:1234', 'DSA-5020-1', 'DLA-123-1', 'USN-6000-2', 'SUSE-SU-2024:1234-1', 'ALAS2-2023-1900', 'GO-2022-0969', 'PYSEC-2021-66'])('%s is a vulnerability', (text) => expect(question(` ${text} `)).toEqual({ vulnerability: text }));
  it.each(['openssl', 'libssl3', 'log4j-core', 'python3.11', '@types/node', 'github.com/go-jose/go-jose', 'linux-image-6.1.0-18-amd64', 'cve'])('%s is a package', (text) => expect(question(text)).toEqual({ package: text }));
});

describe('windows of the time machine', () => {
  it.each([['0s', 0], ['90m', 5400], ['1d', 86_400], ['2w', 1_209_600]])('%s', (text, length) => expect(seconds(text)).toBe(length));
  it.each(['', 'w', '2', '2y', '-1d'])('"%s" is none', (text) => expect(seconds(text)).toBe(0));
});

it('keeps the order of hits, among kinds and within them', () =>
  expect(groups([{ kind: 'tag', n: 1 }, { kind: 'repository', n: 2 }, { kind: 'tag', n: 3 }]).map(([kind, of]) => [kind, of.map((each) => each.n)])).toEqual([['tag', [1, 3]], ['repository', [2]]]));

it('lists settings by their whole names', () =>
  expect(settings({ Auth: { TokenSeconds: 300, Hosts: ['a', 'b'], None: null }, Feeds: [{ Name: 'x' }], Empty: [] })).toEqual([['Auth.TokenSeconds', '300'], ['Auth.Hosts', 'a, b'], ['Auth.None', ''], ['Feeds.0.Name', 'x'], ['Empty', '']]));

describe('browsers', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Firefox, Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0', 'Edge, Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1', 'Safari, iOS'],
    ['Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36', 'Chrome, Android'],
    ['curl/7.88.1', 'curl/7.88.1'],
  ])('%s', (agent, name) => expect(browserName(agent)).toBe(name));
});
