import { count as counted, date } from '../../messages/format';
import { t } from '../messages';
import { heatWeeks } from './heatWeeks';

type Day = { day: string; count: number };

/** What happened per day, a column a week, Monday on top. Screen readers get the days that had something as a list. */
export function Heatmap({ days, none }: { days: Day[]; none: string }) {
  const total = days.reduce((sum, each) => sum + each.count, 0);
  if (total === 0) return <p className="wharf-faint">{none}</p>;
  const { weeks, most } = heatWeeks(days);
  const cell = 14;
  const words = (each: Day) => `${date(new Date(`${each.day}T00:00:00`))}: ${counted(each.count)}`;
  return (
    <figure className="wharf-heatmap">
      <svg viewBox={`0 0 ${weeks.length * cell} ${7 * cell}`} width={weeks.length * cell} height={7 * cell} role="img" aria-label={`${counted(total)} ${t('total')}`}>
        {weeks.flatMap((week, x) => week.map((each, y) => each && (
          <rect key={each.day} x={x * cell + 1} y={y * cell + 1} width={cell - 2} height={cell - 2} rx="2" className={`wharf-heat-${each.count === 0 ? 0 : Math.max(1, Math.ceil((each.count / most) * 4))}`}>
            <title>{words(each)}</title>
          </rect>
        )))}
      </svg>
      <figcaption className="wharf-faint">
        {t('less')} {[0, 1, 2, 3, 4].map((level) => <svg key={level} width="12" height="12" aria-hidden="true"><rect width="12" height="12" rx="2" className={`wharf-heat-${level}`} /></svg>)} {t('moreDays')}
      </figcaption>
      <ul className="pf-v6-screen-reader">{days.filter((each) => each.count > 0).map((each) => <li key={each.day}>{words(each)}</li>)}</ul>
    </figure>
  );
}
