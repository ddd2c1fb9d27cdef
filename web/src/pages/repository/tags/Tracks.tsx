import type { TrackPart } from './tracks';

const lane = 10;
const height = 44;
const colours = ['#0b5cad', '#a4439c', '#2f8132', '#b1590a'];

export function Tracks({ parts }: { parts: TrackPart[] }) {
  return (
    <svg className="wharf-tracks" width={4 * lane} height={height} viewBox={`0 0 ${4 * lane} ${height}`} aria-hidden="true">
      {parts.map((each) => {
        const x = each.lane * lane + lane / 2;
        const colour = colours[each.lane % colours.length]!;
        return (
          <g key={each.lane} stroke={colour} fill={colour}>
            <line x1={x} x2={x} y1={each.part === 'first' ? height / 2 : 0} y2={each.part === 'last' ? height / 2 : height} strokeWidth="2" />
            {each.part !== 'through' && <circle cx={x} cy={height / 2} r="4" />}
          </g>
        );
      })}
    </svg>
  );
}
