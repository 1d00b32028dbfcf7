/** Everything that draws with Observable Plot: loaded after the page itself, whose figures and tables do not wait for it. */
export { drawLyingBars, drawStandingBars, drawTimeBars } from './bars.ts';
export { drawHeatMap } from './heat-map.ts';
export { drawLines } from './lines.ts';
