import {
  forecastLine,
  hasOwnTimes,
  spacingOf,
  type ForecastLine,
  type ForecastSet,
} from "@/features/satellite/data/plot/forecast-set";
import { gapsOf, sampleGaps, type Gap } from "@/features/satellite/data/plot/gaps";
import { lowerBound, type Column, type Samples, type Value } from "@/features/satellite/data/plot/samples";

/** Columns of one channel's chart, each as long as the plot's times; null where it has no value. */
export interface ChannelPlot {
  min: Value[];
  max: Value[];
  forecast: Value[];
  lower50: Value[];
  upper50: Value[];
  lower90: Value[];
  upper90: Value[];
  gaps: Gap[];
  forecastGaps: Gap[];
  newest: Value;
}

/** What all charts of the view draw, on one list of times (Unix seconds) of samples and forecasts. */
export interface Plot {
  times: number[];
  isReduced: boolean;
  stepS: number;
  channels: Map<string, ChannelPlot>;
}

export interface PlotLimits {
  maxGapS: number;
  pixelS: number;
}

export const keyOf = (subsystem: string, channel: string): string => `${subsystem}/${channel}`;
export const EMPTY_PLOT: Plot = { times: [], isReduced: false, stepS: 0, channels: new Map() };

/** Lays samples and forecasts on one list of times. */
export function buildPlot(
  samples: Samples,
  forecasts: ReadonlyMap<string, ForecastSet>,
  limits: PlotLimits,
): Plot {
  const lines = new Map<string, ForecastLine>();
  for (const [subsystem, set] of forecasts) lines.set(subsystem, forecastLine(set));
  for (const { subsystem, channel } of samples.columns) {
    const set = forecasts.get(subsystem);
    if (set && hasOwnTimes(set, channel)) lines.set(keyOf(subsystem, channel), forecastLine(set, channel));
  }
  const times = unionOf([samples.times, ...[...lines.values()].map((line) => line.times)]);
  const sampleRows = rowsOf(times, samples.times);
  const forecastRows = new Map([...lines].map(([name, line]) => [name, rowsOf(times, line.times)]));
  const channels = new Map<string, ChannelPlot>();
  for (const column of samples.columns) {
    const set = forecasts.get(column.subsystem);
    const plot = channelPlot(column, times.length, sampleRows);
    const own = keyOf(column.subsystem, column.channel);
    const name = lines.has(own) ? own : column.subsystem;
    fillForecast(plot, column.channel, lines.get(name), forecastRows.get(name));
    plot.gaps = sampleGaps(times, plot.max, limits.maxGapS, samples.stepS);
    const forecastGap = set && forecastGapS(set, column.channel, times, limits);
    if (forecastGap !== undefined)
      plot.forecastGaps = gapsOf(
        times,
        plot.forecast,
        (intervals, place) => (intervals[place] ?? 0) > forecastGap,
      );
    channels.set(own, plot);
  }
  return { times, isReduced: samples.stepS > 0, stepS: samples.stepS, channels };
}

/**
 * The columns in the order in which a chart's series stand: bands first, then forecast, then telemetry on top. As many
 * whether or not the telemetry is reduced: uPlot reads the column of every series when the pointer moves.
 */
export function alignedData(plot: Plot, channel: ChannelPlot | undefined): [number[], ...Value[][]] {
  if (!channel) return [[], [], [], [], [], [], [], []];
  const { upper90, lower90, upper50, lower50, forecast, max, min } = channel;
  const lowest = plot.isReduced ? min : emptyColumn(min.length);
  return [plot.times, upper90, lower90, upper50, lower50, forecast, max, lowest];
}

/** Row nearest to a time; -1 without rows. */
export function nearestRow(times: readonly number[], time: number): number {
  const after = lowerBound(times, time);
  if (after === 0) return times.length > 0 ? 0 : -1;
  if (after === times.length) return after - 1;
  return time - (times[after - 1] ?? 0) <= (times[after] ?? 0) - time ? after - 1 : after;
}

/** Row of the value nearest to a row, no further than `toleranceS`; null without one. */
export function nearestValueRow(
  times: readonly number[],
  values: readonly Value[],
  row: number,
  toleranceS: number,
): number | null {
  const time = times[row];
  if (time === undefined) return null;
  for (let distance = 0; distance < times.length; distance += 1) {
    const candidates = [row - distance, row + distance].filter(
      (other) => Math.abs((times[other] ?? Infinity) - time) <= toleranceS,
    );
    if (candidates.length === 0) return null;
    const found = candidates.find((other) => (values[other] ?? null) !== null);
    if (found !== undefined) return found;
  }
  return null;
}

/** Ascending times of several ascending lists, none twice. */
export function unionOf(lists: readonly (readonly number[])[]): number[] {
  const [first = [], ...others] = lists.filter((list) => list.length > 0);
  if (others.length === 0) return [...first];
  const all = lists.flat().sort((a, b) => a - b);
  return all.filter((time, index) => time !== all[index - 1]);
}

function rowsOf(times: readonly number[], part: readonly number[]): number[] {
  let row = 0;
  return part.map((time) => {
    while ((times[row] ?? Infinity) < time) row += 1;
    return row;
  });
}

const emptyColumn = (length: number): Value[] => new Array<Value>(length).fill(null);

function channelPlot(column: Column, length: number, rows: readonly number[]): ChannelPlot {
  const min = emptyColumn(length);
  const max = emptyColumn(length);
  let newest: Value = null;
  rows.forEach((row, index) => {
    const high = column.max[index] ?? null;
    min[row] = column.min[index] ?? null;
    max[row] = high;
    if (high !== null) newest = high;
  });
  const [forecast, lower50, upper50, lower90, upper90] = [1, 2, 3, 4, 5].map(() => emptyColumn(length)) as [
    Value[],
    Value[],
    Value[],
    Value[],
    Value[],
  ];
  return { min, max, forecast, lower50, upper50, lower90, upper90, gaps: [], forecastGaps: [], newest };
}

function fillForecast(plot: ChannelPlot, name: string, line?: ForecastLine, rows?: readonly number[]): void {
  if (!line || !rows) return;
  rows.forEach((row, index) => {
    const values = line.sources[index]?.channels[name];
    const step = line.steps[index] ?? 0;
    if (!values) return;
    plot.forecast[row] = values.predictions[step] ?? null;
    plot.lower50[row] = values.lower_50[step] ?? null;
    plot.upper50[row] = values.upper_50[step] ?? null;
    plot.lower90[row] = values.lower_90[step] ?? null;
    plot.upper90[row] = values.upper_90[step] ?? null;
  });
}

/** Forecasts that are thinned, or closer than pixels, are joined; others stand alone. */
function forecastGapS(
  set: ForecastSet,
  channel: string,
  times: readonly number[],
  { pixelS }: PlotLimits,
): number {
  const spanS = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const thinnedS = set.isThinned ? (3 * spanS) / Math.max(1, set.byJob.size) : 0;
  return Math.max(1.5 * spacingOf(set, channel), 4 * pixelS, thinnedS);
}
