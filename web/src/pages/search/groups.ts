/** Things under their kinds: the kinds in the order of their best hits, which come first as the registry answered them. */
export function groups<T extends { kind: string }>(things: readonly T[]): [string, T[]][] {
  const byKind = new Map<string, T[]>();
  for (const each of things) byKind.set(each.kind, [...(byKind.get(each.kind) ?? []), each]);
  return [...byKind];
}
