import { arc, pie } from 'd3-shape';
import { count as counted } from '../../messages/format';
import { severities, severityName, type SeverityKey } from '../severity';

type Counts = Partial<Record<SeverityKey, number>>;

/** Findings by severity as a ring with the sum in its middle, and the same as a list that can be read and, with `onPick`, chosen from. */
export function SeverityDonut({ counts, label, picked, onPick }: { counts: Counts; label: string; picked?: string | undefined; onPick?: (severity: SeverityKey | undefined) => void }) {
  const size = 160;
  const slices = pie<SeverityKey>().sort(null).value((key) => counts[key] ?? 0)(severities.filter((key) => (counts[key] ?? 0) > 0));
  const shape = arc<(typeof slices)[number]>().innerRadius(52).outerRadius(76).padAngle(0.02).cornerRadius(2);
  const total = severities.reduce((sum, key) => sum + (counts[key] ?? 0), 0);
  return (
    <div className="wharf-donut">
      <svg width={size} height={size} viewBox={`${-size / 2} ${-size / 2} ${size} ${size}`} role="img" aria-label={`${label}: ${counted(total)}`}>
        {total === 0 && <circle r="64" className="wharf-ring" />}
        {slices.map((each) => <path key={each.data} d={shape(each) ?? ''} className={`wharf-fill-${each.data}`} opacity={picked && picked !== each.data ? 0.3 : 1} />)}
        <text textAnchor="middle" dy="0.1em" className="wharf-donut-number">{counted(total)}</text>
        <text textAnchor="middle" dy="1.8em" className="wharf-donut-label">{label}</text>
      </svg>
      <ul>
        {severities.filter((key) => (counts[key] ?? 0) > 0).map((key) => (
          <li key={key}>
            <svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" rx="2" className={`wharf-fill-${key}`} /></svg>{' '}
            {onPick ? <button type="button" className="wharf-pick" aria-pressed={picked === key} onClick={() => onPick(picked === key ? undefined : key)}>{counted(counts[key]!)} {severityName(key)}</button> : `${counted(counts[key]!)} ${severityName(key)}`}
          </li>
        ))}
      </ul>
    </div>
  );
}
