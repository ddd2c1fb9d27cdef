type Avatar = { name?: string | null; color?: string | null; kind?: string | null };

/** The first letter of a name on its colour; nothing that has to be loaded. */
export function Picture({ avatar, size = 24 }: { avatar: Avatar | null | undefined; size?: number }) {
  const letter = (avatar?.name ?? '?').slice(0, 1).toUpperCase();
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {avatar?.kind === 'org' || avatar?.kind === 'team' ? <rect width="24" height="24" rx="5" fill={avatar?.color ?? '#6a6e73'} /> : <circle cx="12" cy="12" r="12" fill={avatar?.color ?? '#6a6e73'} />}
      <text x="12" y="16.5" textAnchor="middle" fontSize="13" fontWeight="600" fill={ink(avatar?.color ?? '#6a6e73')}>{letter}</text>
    </svg>
  );
}

function ink(background: string): string {
  const hex = /^#([0-9a-f]{6})$/i.exec(background)?.[1];
  if (hex === undefined) return '#fff';
  const [r, g, b] = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
  return (r * 299 + g * 587 + b * 114) / 1000 > 150 ? '#151515' : '#fff';
}
