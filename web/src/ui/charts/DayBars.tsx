import { count as counted, date } from '../../messages/format';

type Bar = { day: string; kind: string; count: number };

const colours = ['#0b5cad', '#2f8132', '#b1590a', '#a4439c', '#147878', '#8a6d00'];
const other = '#6a6e73';

/** Counts per day, stacked by kind; the six most frequent kinds have colours of their own. */
export function DayBars({ label, from, to, bars }: { label: string; from: string; to: string; bars: Bar[] }) {
  const days = daysBetween(from, to);
  const byKind = new Map<string, number>();
  for (const each of bars) byKind.set(each.kind, (byKind.get(each.kind) ?? 0) + each.count);
  const kinds = [...byKind].sort((a, b) => b[1] - a[1]).map(([kind]) => kind);
  const colour = (kind: string) => colours[kinds.indexOf(kind)] ?? other;
  const perDay = days.map((day) => ({ day, parts: bars.filter((each) => each.day === day).sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind)) }));
  const most = Math.max(1, ...perDay.map((each) => each.parts.reduce((total, part) => total + part.count, 0)));
  const [width, height] = [640, 90];
  const step = width / Math.max(1, days.length);
  return (
    <figure className="wharf-bars">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={`${label}: ${counted([...byKind.values()].reduce((a, b) => a + b, 0))}`}>
        {perDay.map((each, x) => {
          let y = height;
          return each.parts.map((part) => {
            const h = (part.count / most) * (height - 4);
            y -= h;
            return <rect key={`${each.day} ${part.kind}`} x={x * step + step * 0.1} y={y} width={step * 0.8} height={h} fill={colour(part.kind)}><title>{`${date(new Date(`${each.day}T00:00:00`))}, ${part.kind}: ${counted(part.count)}`}</title></rect>;
          });
        })}
        <line x1="0" x2={width} y1={height} y2={height} className="wharf-axis" />
      </svg>
      <figcaption>
        {kinds.slice(0, 6).map((kind) => <span key={kind} className="wharf-key"><svg width="10" height="10" aria-hidden="true"><rect width="10" height="10" fill={colour(kind)} /></svg> {kind} ({counted(byKind.get(kind)!)})</span>)}
      </figcaption>
    </figure>
  );
}

function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${to}T00:00:00Z`) && days.length < 400; at += 86_400_000) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}
