import { toCsv } from "@/lib/csv";

import type { Plot } from "@/features/satellite/data/plot/plot-data";
import type { Value } from "@/features/satellite/data/plot/samples";
import { isoOf, type Window } from "@/features/satellite/data/time-span";

export interface CsvChannel {
  key: string;
  name: string;
  unit: string;
}

/** What the charts draw within a window: a row a time, the value (or least and greatest) and forecast of each channel. */
export function plotCsv(plot: Plot, channels: readonly CsvChannel[], window: Window): string {
  const columns = channels.flatMap((channel) => columnsOf(plot, channel));
  return toCsv(["time_utc", ...columns.map(([name]) => name)], rowsOf(plot, columns, window));
}

type CsvColumn = [name: string, values: Value[]];

function columnsOf(plot: Plot, { key, name, unit }: CsvChannel): CsvColumn[] {
  const drawn = plot.channels.get(key);
  if (!drawn) return [];
  const title = unit ? `${name} [${unit}]` : name;
  const telemetry: CsvColumn[] = plot.isReduced
    ? [
        [`${title} min`, drawn.min],
        [`${title} max`, drawn.max],
      ]
    : [[title, drawn.max]];
  return [
    ...telemetry,
    [`${title} forecast`, drawn.forecast],
    [`${title} lower_50`, drawn.lower50],
    [`${title} upper_50`, drawn.upper50],
    [`${title} lower_90`, drawn.lower90],
    [`${title} upper_90`, drawn.upper90],
  ];
}

function* rowsOf(
  plot: Plot,
  columns: readonly CsvColumn[],
  { start, end }: Window,
): Generator<(string | Value)[]> {
  for (const [row, time] of plot.times.entries()) {
    if (time < start || time > end) continue;
    const values = columns.map(([, column]) => column[row] ?? null);
    if (values.some((value) => value !== null)) yield [isoOf(time), ...values];
  }
}
