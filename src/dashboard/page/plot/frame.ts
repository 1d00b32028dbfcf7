import * as Plot from '@observablehq/plot';
import type { Unit } from '../../contract.ts';
import { formatTick } from '../format/value.ts';
import { axisFor } from './ticks.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What all charts look like. Colours are custom properties, so that another theme needs no other drawing. */
export const style = {
  background: 'none',
  color: 'var(--ink-2)',
  fontFamily: 'inherit',
  fontSize: '12px',
  overflow: 'visible',
} as const;

export const tipLook = {
  fill: 'var(--raised)',
  stroke: 'var(--line-strong)',
  textPadding: 10,
  lineHeight: 1.45,
  pathFilter: 'drop-shadow(0 4px 12px rgb(0 0 0 / 0.16))',
  fontSize: 12,
} as const;

let pen: CanvasRenderingContext2D | null | undefined;

/** As wide as the browser will draw it, in pixels: fonts differ by a quarter. */
export function widthOfText(text: string): number {
  if (pen === undefined) {
    pen = document.createElement('canvas').getContext('2d');
    if (pen !== null) pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  }
  return pen?.measureText(text).width ?? text.length * 7;
}

/** The vertical scale: round ticks, lines across, and a margin that its labels fit in. */
export function verticalScale(unit: Unit, values: readonly (number | undefined)[], height: number) {
  const { ticks, domain } = axisFor(unit, values, Math.max(2, Math.floor(height / 52)));
  const labels = ticks.map((tick) => formatTick(tick, unit));
  return {
    domain: [...domain],
    marginLeft: Math.max(28, ...labels.map(widthOfText)) + 10,
    marks: [
      Plot.gridY(ticks, { stroke: 'var(--line)', strokeOpacity: 1 }),
      Plot.axisY(ticks, {
        tickFormat: (tick: number) => formatTick(tick, unit),
        tickSize: 0,
        tickPadding: 8,
        label: null,
        fill: 'var(--ink-3)',
      }),
    ],
  };
}
