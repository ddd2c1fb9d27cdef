import { bytes, date } from '../../../messages/format';
import { forecast } from './forecast';
import { t } from './messages';

type Props = { days: readonly { day: string; bytes: number }[]; growth: number | undefined; limit: number | undefined };

/** What was held, day by day, and where that leads. */
export function ForecastChart({ days, growth, limit }: Props) {
  const { past, future, most } = forecast(days, Math.floor(Date.now() / 86_400_000), growth, limit);
  if (past.length + future.length < 2) return <p className="wharf-faint">{t('noDays')}</p>;
  const [width, height, left, bottom] = [640, 200, 70, 22];
  const first = past[0]!.day;
  const end = (future[1] ?? past.at(-1)!).day;
  const x = (day: number) => left + ((day - first) / Math.max(1, end - first)) * (width - left - 8);
  const y = (value: number) => (height - bottom) - (value / most) * (height - bottom - 10);
  const line = (points: { day: number; bytes: number }[]) => points.map((each, at) => `${at === 0 ? 'M' : 'L'}${x(each.day)},${y(each.bytes)}`).join('');
  const words = (day: number) => date(new Date(day * 86_400_000));
  return (
    <figure className="wharf-trend">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${t('chart')}: ${past.map((each) => `${words(each.day)} ${bytes(each.bytes)}`).slice(-3).join(', ')}`}>
        {[0, 0.5, 1].map((part) => <g key={part}><line x1={left} x2={width - 8} y1={y(most * part)} y2={y(most * part)} className="wharf-axis" /><text x={left - 6} y={y(most * part) + 4} textAnchor="end" className="wharf-tick">{bytes(most * part)}</text></g>)}
        <path d={`${line(past)}L${x(past.at(-1)!.day)},${y(0)}L${x(first)},${y(0)}Z`} className="wharf-held" />
        <path d={line(past)} className="wharf-line" />
        {future.length > 0 && <path d={line(future)} className="wharf-line wharf-dashed" />}
        {limit !== undefined && <line x1={left} x2={width - 8} y1={y(limit)} y2={y(limit)} className="wharf-limit" />}
        <text x={left} y={height - 4} className="wharf-tick">{words(first)}</text>
        <text x={width - 8} y={height - 4} textAnchor="end" className="wharf-tick">{words(end)}</text>
      </svg>
      <figcaption>
        <span className="wharf-key"><svg width="16" height="10" aria-hidden="true"><path d="M0,5H16" className="wharf-line" /></svg> {t('holds')}</span>
        {future.length > 0 && <span className="wharf-key"><svg width="16" height="10" aria-hidden="true"><path d="M0,5H16" className="wharf-line wharf-dashed" /></svg> {t('forecast')}</span>}
        {limit !== undefined && <span className="wharf-key"><svg width="16" height="10" aria-hidden="true"><path d="M0,5H16" className="wharf-limit" /></svg> {t('limit')}</span>}
      </figcaption>
    </figure>
  );
}
