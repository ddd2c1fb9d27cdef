import { area, stack } from 'd3-shape';
import { count as counted, date } from '../../messages/format';
import { severities, severityName, type SeverityKey } from '../severity';

export type TrendDay = { day: string } & Partial<Record<SeverityKey, number>>;

/** Findings by severity over days, stacked, the worst at the bottom where it is seen best. */
export function Trend({ days, label }: { days: TrendDay[]; label: string }) {
  const [width, height, left, bottom] = [640, 200, 44, 22];
  const keys = severities.filter((key) => days.some((each) => (each[key] ?? 0) > 0));
  // Even, since there is a line at the half of it.
  const most = 2 * Math.ceil(Math.max(2, ...days.map((each) => keys.reduce((sum, key) => sum + (each[key] ?? 0), 0))) / 2);
  const time = (at: number) => Date.parse(days[at]?.day ?? '');
  const span = Math.max(1, time(days.length - 1) - time(0));
  // By time, since days on which the registry did not run are missing.
  const x = (at: number) => left + ((time(at) - time(0)) / span) * (width - left - 4);
  const y = (value: number) => (height - bottom) - (value / most) * (height - bottom - 8);
  const layers = stack<TrendDay, SeverityKey>().keys(keys).value((each, key) => each[key] ?? 0)(days);
  const shape = area<[number, number]>().x((_, at) => x(at)).y0((each) => y(each[0])).y1((each) => y(each[1]));
  const last = days.at(-1);
  return (
    <figure className="wharf-trend">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${label}: ${last ? keys.map((key) => `${counted(last[key] ?? 0)} ${severityName(key)}`).join(', ') : ''}`}>
        {[0, 0.5, 1].map((part) => <g key={part}><line x1={left} x2={width - 4} y1={y(most * part)} y2={y(most * part)} className="wharf-axis" /><text x={left - 6} y={y(most * part) + 4} textAnchor="end" className="wharf-tick">{counted(Math.round(most * part))}</text></g>)}
        {layers.map((layer) => <path key={layer.key} d={shape(layer as unknown as [number, number][]) ?? ''} className={`wharf-fill-${layer.key}`} opacity="0.85"><title>{severityName(layer.key)}</title></path>)}
        {days.length > 0 && <text x={left} y={height - 4} className="wharf-tick">{date(new Date(`${days[0]!.day}T00:00:00`))}</text>}
        {last && <text x={width - 4} y={height - 4} textAnchor="end" className="wharf-tick">{date(new Date(`${last.day}T00:00:00`))}</text>}
      </svg>
      <figcaption>{keys.map((key) => <span key={key} className="wharf-key"><svg width="10" height="10" aria-hidden="true"><rect width="10" height="10" className={`wharf-fill-${key}`} /></svg> {severityName(key)}</span>)}</figcaption>
    </figure>
  );
}
