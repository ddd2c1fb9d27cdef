import { hierarchy, treemap, treemapSquarify } from 'd3-hierarchy';

export type Tile = { key: string; name: string; detail: string; size: number; tone: number };

/** Sizes as areas. Each tile is a button: what it stands for is chosen with it, by mouse or keyboard. */
export function Treemap({ tiles, label, picked, onPick }: { tiles: Tile[]; label: string; picked?: string | undefined; onPick: (key: string) => void }) {
  const [width, height] = [1000, 320];
  const root = treemap<{ children?: Tile[] } | Tile>().size([width, height]).padding(2).tile(treemapSquarify)(
    hierarchy<{ children?: Tile[] } | Tile>({ children: tiles.filter((each) => each.size > 0) }, (each) => ('children' in each ? each.children : undefined)).sum((each) => ('size' in each ? each.size : 0)).sort((a, b) => (b.value ?? 0) - (a.value ?? 0)),
  );
  return (
    <div className="wharf-treemap" role="group" aria-label={label}>
      {root.leaves().map((leaf) => {
        const tile = leaf.data as Tile;
        return (
          <button
            key={tile.key} type="button" title={`${tile.name}\n${tile.detail}`} aria-pressed={picked === tile.key} onClick={() => onPick(tile.key)}
            className={`wharf-tile wharf-tone-${tile.tone % 6}`}
            style={{ insetInlineStart: `${(leaf.x0 / width) * 100}%`, top: `${(leaf.y0 / height) * 100}%`, width: `${((leaf.x1 - leaf.x0) / width) * 100}%`, height: `${((leaf.y1 - leaf.y0) / height) * 100}%` }}
          >
            <span className="wharf-tile-name">{tile.name}</span>{' '}<span className="wharf-tile-detail">{tile.detail}</span>
          </button>
        );
      })}
    </div>
  );
}
