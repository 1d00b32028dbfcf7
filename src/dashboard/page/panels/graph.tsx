import { useEffect, useId, useMemo, useState } from 'preact/hooks';
import type { GraphPanel } from '../../contract.ts';
import { type Edge, onlyAround, related } from '../data/edges.ts';
import { type Row, textIn } from '../data/table.ts';
import type { Layout } from '../plot/graph-layout.ts';

type LayOut = typeof import('../plot/graph-layout.ts').layOut;

const zooms = [0.25, 0.35, 0.5, 0.7, 0.85, 1, 1.25, 1.5];
/** A graph that is a little wider than its place is drawn as wide as that; smaller than this it could not be read. */
const fitMin = 0.8;

/** Boxes and arrows, at first as large as text; all of them, or those that lead to one and follow from it. */
export function GraphView({ panel, rows }: { readonly panel: GraphPanel; readonly rows: readonly Row[] }) {
  const [layOut, setLayOut] = useState<{ readonly it: LayOut }>();
  const [chosen, setChosen] = useState('');
  const [zoom, setZoom] = useState<number>();
  const id = useId();
  useEffect(() => {
    void import('../plot/graph-layout.ts').then((module) => setLayOut({ it: module.layOut }));
  }, []);
  const edges = useMemo(
    () => rows.map((row) => ({ source: textIn(row, 'source'), target: textIn(row, 'target') })),
    [rows],
  );
  const names = useMemo(() => [...new Set(edges.flatMap(({ source, target }) => [source, target]))].sort(), [edges]);
  // The one that was chosen may be gone with a filter.
  const center = names.includes(chosen) ? chosen : '';
  const shown = useMemo(() => (center === '' ? edges : onlyAround(edges, center)), [edges, center]);
  const layout = useMemo(() => layOut?.it(shown), [layOut, shown]);
  if (layout === undefined) return null;
  const smaller = zooms.findLast((one) => one < (zoom ?? fitMin));
  const larger = zooms.find((one) => one > (zoom ?? 1));
  return (
    <>
      <div class="graph-tools">
        <label for={`${id}-center`}>Show</label>
        <select id={`${id}-center`} value={center} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
          <option value="">everything</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <button
          type="button"
          class="button"
          aria-label="Smaller"
          disabled={smaller === undefined}
          onClick={() => setZoom(smaller)}
        >
          −
        </button>
        <span class="graph-zoom" role="status">
          {zoom === undefined ? 'Fitted' : `${Math.round(zoom * 100)} %`}
        </span>
        <button
          type="button"
          class="button"
          aria-label="Larger"
          disabled={larger === undefined}
          onClick={() => setZoom(larger)}
        >
          +
        </button>
      </div>
      <Graph title={panel.title} layout={layout} edges={shown} zoom={zoom} center={center} choose={setChosen} />
    </>
  );
}

interface GraphProps {
  readonly title: string;
  readonly layout: Layout;
  readonly edges: readonly Edge[];
  /** Undefined: as wide as the place, within reason. */
  readonly zoom: number | undefined;
  readonly center: string;
  readonly choose: (name: string) => void;
}

/** Pointing at a box marks what leads to it and what follows from it; a click shows nothing else, and another one all again. */
function Graph({ title, layout, edges, zoom, center, choose }: GraphProps) {
  const [pointed, setPointed] = useState<string>();
  const marked = useMemo(() => (pointed === undefined ? undefined : related(edges, pointed)), [edges, pointed]);
  const label = `${title}. ${layout.boxes.length} boxes and ${layout.arrows.length} arrows; the table lists them.`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keyboard.
    <section class="graph" aria-label={`${title}, graph`} tabIndex={0}>
      <svg
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        width={layout.width * (zoom ?? 1)}
        height={layout.height * (zoom ?? 1)}
        style={zoom === undefined ? { minWidth: `${layout.width * fitMin}px`, maxWidth: '100%', height: 'auto' } : {}}
        role="img"
        aria-label={label}
        data-pointed={marked !== undefined}
      >
        <defs>
          <marker id="arrow-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0.5 8 4 0 7.5z" />
          </marker>
        </defs>
        {layout.arrows.map(({ source, target, path }) => (
          <path
            key={`${source} ${target}`}
            class="graph-arrow"
            d={path}
            marker-end="url(#arrow-head)"
            data-marked={marked?.has(source) && marked.has(target)}
          />
        ))}
        {layout.boxes.map(({ name, lines: [above, below], x, y, width, height }) => (
          // The list of names does the same by keyboard.
          // biome-ignore lint/a11y/noStaticElementInteractions: see above.
          <g
            key={name}
            class="graph-box"
            transform={`translate(${x - width / 2} ${y - height / 2})`}
            data-marked={marked?.has(name) || name === center}
            onPointerEnter={() => setPointed(name)}
            onPointerLeave={() => setPointed(undefined)}
            onClick={() => {
              setPointed(undefined);
              choose(name === center ? '' : name);
            }}
          >
            <rect width={width} height={height} rx="6" />
            {above !== '' && (
              <text
                x={width / 2}
                y={height / 2 - 7}
                dominant-baseline="central"
                text-anchor="middle"
                class="graph-above"
              >
                {above}
              </text>
            )}
            <text
              x={width / 2}
              y={height / 2 + (above === '' ? 0 : 7)}
              dominant-baseline="central"
              text-anchor="middle"
            >
              {below}
            </text>
          </g>
        ))}
      </svg>
    </section>
  );
}
