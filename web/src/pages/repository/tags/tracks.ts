/** Part of a line that joins the rows of tags of one digest: where it is in one row. */
export type TrackPart = { lane: number; part: 'first' | 'middle' | 'last' | 'through'; digest: string };

/**
 * For each row the parts of the lines that run through it. Digests with one row have no line. A line takes the first lane that is free
 * from its first row to its last; where all lanes are taken it is left out.
 */
export function tracks(digests: readonly string[], lanes = 4): TrackPart[][] {
  const rows = new Map<string, number[]>();
  digests.forEach((digest, at) => {
    const known = rows.get(digest);
    if (known) known.push(at);
    else rows.set(digest, [at]);
  });
  const parts: TrackPart[][] = digests.map(() => []);
  const freeFrom = Array<number>(lanes).fill(0);
  for (const [digest, at] of rows) {
    if (at.length < 2) continue;
    const [first, last] = [at[0]!, at.at(-1)!];
    const lane = freeFrom.findIndex((from) => from <= first);
    if (lane < 0) continue;
    freeFrom[lane] = last + 1;
    const own = new Set(at);
    for (let row = first; row <= last; row++)
      parts[row]!.push({ lane, digest, part: row === first ? 'first' : row === last ? 'last' : own.has(row) ? 'middle' : 'through' });
  }
  return parts;
}
