import { useEffect, useMemo, useState } from 'preact/hooks';
import type { GraphPanel } from '../../contract.ts';
import { type Row, textIn } from '../data/table.ts';
import type { Layout } from '../plot/graph-layout.ts';

type LayOut = typeof import('../plot/graph-layout.ts').layOut;

/** Boxes and arrows. Pointing at a box marks what leads to it and what follows from it. */
export function GraphView({ panel, rows }: { readonly panel: GraphPanel; readonly rows: readonly Row[] }) {
  const [layOut, setLayOut] = useState<{ readonly it: LayOut }>();
  useEffect(() => {
    void import('../plot/graph-layout.ts').then((module) => setLayOut({ it: module.layOut }));
  }, []);
  const edges = useMemo(
    () => rows.map((row) => ({ source: textIn(row, 'source'), target: textIn(row, 'target') })),
    [rows],
  );
  const layout = useMemo(() => layOut?.it(edges), [layOut, edges]);
  if (layout === undefined) return null;
  return <Graph title={panel.title} layout={layout} />;
}

function Graph({ title, layout }: { readonly title: string; readonly layout: Layout }) {
  const [pointed, setPointed] = useState<string>();
  const marked = useMemo(() => (pointed === undefined ? undefined : related(layout, pointed)), [layout, pointed]);
  const label = `${title}. ${layout.boxes.length} boxes and ${layout.arrows.length} arrows; the table lists them.`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keyboard.
    <section class="graph" aria-label={`${title}, graph`} tabIndex={0}>
      <svg
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        width={layout.width}
        height={layout.height}
        role="img"
        aria-label={label}
        data-pointed={pointed !== undefined}
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
        {layout.boxes.map(({ name, x, y, width, height }) => (
          <g
            key={name}
            class="graph-box"
            transform={`translate(${x - width / 2} ${y - height / 2})`}
            data-marked={marked?.has(name)}
            onPointerEnter={() => setPointed(name)}
            onPointerLeave={() => setPointed(undefined)}
          >
            <rect width={width} height={height} rx="6" />
            <text x={width / 2} y={height / 2} dominant-baseline="central" text-anchor="middle">
              {name}
            </text>
          </g>
        ))}
      </svg>
    </section>
  );
}

/** The box itself, all that leads to it and all that follows from it. */
function related({ arrows }: Layout, name: string): Set<string> {
  const found = new Set([name]);
  for (const [from, to] of [['source', 'target'] as const, ['target', 'source'] as const]) {
    const reached = new Set([name]);
    for (const one of reached) {
      for (const arrow of arrows) if (arrow[from] === one) reached.add(arrow[to]);
    }
    for (const one of reached) found.add(one);
  }
  return found;
}
