import type { Schema } from '../../../api/client';

type Lifetime = Schema<'TagLifetime'>;

/** Something that happened to a tag. */
export type Happening = { key: string; what: 'pushed' | 'moved' | 'restored' | 'removed' | 'expired'; tag: string; at: number; digest: string; by: string | null; lifetime: Lifetime };

/**
 * The story of tags, newest first, from their lifetimes: each begins with a push, a move or a restoration. Its end is told only when no
 * other lifetime of the tag began with it, since that beginning tells it already.
 */
export function story(lifetimes: readonly Lifetime[], now: number): Happening[] {
  const begun = new Set(lifetimes.map((each) => `${each.name} ${each.start_ts}`));
  const ended = new Set(lifetimes.filter((each) => each.end_ts).map((each) => `${each.name} ${each.end_ts}`));
  const told: Happening[] = [];
  for (const each of lifetimes) {
    const one = { tag: each.name!, digest: each.manifest_digest!, lifetime: each };
    told.push({ ...one, key: `${each.name} ${each.start_ts} +${each.manifest_digest}`, at: each.start_ts!, by: each.started_by ?? null, what: each.reversion ? 'restored' : ended.has(`${each.name} ${each.start_ts}`) ? 'moved' : 'pushed' });
    if (each.end_ts && each.end_ts <= now && !begun.has(`${each.name} ${each.end_ts}`))
      told.push({ ...one, key: `${each.name} ${each.end_ts} -`, at: each.end_ts, by: each.ended_by ?? null, what: each.ended_by ? 'removed' : 'expired' });
  }
  return told.sort((a, b) => b.at - a.at);
}
