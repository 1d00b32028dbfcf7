import { useMemo, useRef, useState } from 'preact/hooks';
import type { ChartPanel } from '../../contract.ts';
import type { Row } from '../data/table.ts';
import { formatterOf } from '../format/column.ts';
import type { Size } from '../plot/frame.ts';
import { type Chart, chartsOf, colourOf, dashOf, type Kind, kindOf, SeriesOrder } from '../plot/series.ts';
import { describeChart } from '../plot/summary.ts';
import { Drawing, useDrawings } from './drawing.tsx';

const bodyHeight = 304;
const legendHeight = 28;
const barHeight = { min: 26, max: 34 };
const barsMax = 12;
const switchHeight = 26;

export function ChartView({ panel, rows }: { readonly panel: ChartPanel; readonly rows: readonly Row[] }) {
  const order = useRef(new SeriesOrder());
  const charts = useMemo(() => chartsOf(panel, rows), [panel, rows]);
  const kind = useMemo(() => kindOf(panel, rows), [panel, rows]);
  const label = useMemo(() => formatterOf(panel.x, rows), [panel, rows]);
  const isLying = panel.kind === 'bars' && kind === 'text';
  const height = Math.floor(bodyHeight / charts.length) - legendHeight;
  return (
    <div class="charts">
      {charts.map((chart) => (
        <div key={chart.unit} class="chart">
          <Legend chart={chart} order={order.current} isLine={panel.kind === 'lines'} />
          {isLying ? (
            <LyingBars panel={panel} chart={chart} order={order.current} label={label} height={height} />
          ) : (
            <OneChart panel={panel} chart={chart} kind={kind} order={order.current} label={label} height={height} />
          )}
        </div>
      ))}
    </div>
  );
}

interface OneChartProps {
  readonly panel: ChartPanel;
  readonly chart: Chart;
  readonly order: SeriesOrder;
  readonly label: (value: unknown) => string;
  readonly height: number;
}

function OneChart({ panel, chart, kind, order, label, height }: OneChartProps & { readonly kind: Kind }) {
  const drawings = useDrawings();
  const draw = useMemo(() => {
    if (drawings === undefined) return undefined;
    // Side by side, bars of several measures over many days are thinner than a line.
    const areLines = panel.kind === 'lines' || (kind === 'time' && chart.series.length > 1 && !chart.isStacked);
    if (areLines) return (size: Size) => drawings.drawLines({ chart, kind, size, order, label });
    const drawBars = kind === 'time' ? drawings.drawTimeBars : drawings.drawStandingBars;
    return (size: Size) => drawBars({ chart, size, order, label });
  }, [drawings, panel, chart, kind, order, label]);
  if (draw === undefined) return null;
  return <Drawing draw={draw} height={height} label={describeChart(panel.title, panel.kind, [chart], label)} />;
}

/** As many as fit, and the others when they are asked for: below some height names cannot be read. */
function LyingBars({ panel, chart, order, label, height }: OneChartProps) {
  const drawings = useDrawings();
  const [isWhole, setWhole] = useState(false);
  const categories = useMemo(() => [...new Set(chart.points.map(({ x }) => x))], [chart]);
  const perCategory = chart.series.length > 1 && !chart.isStacked ? Math.min(3, chart.series.length) * 0.7 : 1;
  const fitting = Math.max(3, Math.min(barsMax, Math.floor(height / (barHeight.min * perCategory))));
  const hasMore = categories.length > fitting;
  const shownCount = isWhole || !hasMore ? categories.length : fitting - 1;
  const free = hasMore ? height - switchHeight : height;
  const shown = useMemo(() => {
    const kept = new Set(categories.slice(0, shownCount));
    return { ...chart, points: chart.points.filter(({ x }) => kept.has(x)) };
  }, [chart, categories, shownCount]);
  const draw = useMemo(
    () => drawings && ((size: Size) => drawings.drawLyingBars({ chart: shown, size, order, label })),
    [drawings, shown, order, label],
  );
  if (draw === undefined) return null;
  const each = Math.max(barHeight.min * perCategory, Math.min(barHeight.max * perCategory, free / shownCount));
  return (
    <>
      <Drawing
        draw={draw}
        height={Math.round(each * shownCount)}
        label={describeChart(panel.title, 'bars', [shown], label)}
      />
      {hasMore && (
        <button type="button" class="textual more-bars" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? `Show the first ${fitting - 1} only` : `Show all ${categories.length}`}
        </button>
      )}
    </>
  );
}

/** Past these, lines have no colour of their own. */
const legendMax = 8;

function Legend({
  chart,
  order,
  isLine,
}: {
  readonly chart: Chart;
  readonly order: SeriesOrder;
  readonly isLine: boolean;
}) {
  const { series } = chart;
  if (series.length === 1) return <p class="legend">{series[0]}</p>;
  return (
    <ul class="legend">
      {series.slice(0, legendMax).map((name) => {
        const index = order.indexOf(name);
        return (
          <li key={name}>
            <svg viewBox="0 0 18 10" aria-hidden="true">
              {isLine ? (
                <path d="M0 5h18" stroke={colourOf(index)} stroke-width="3" stroke-dasharray={dashOf(index)} />
              ) : (
                <rect x="4" width="10" height="10" rx="2" fill={colourOf(index)} />
              )}
            </svg>
            {name}
          </li>
        );
      })}
      {series.length > legendMax && <li>and {series.length - legendMax} in grey</li>}
    </ul>
  );
}
