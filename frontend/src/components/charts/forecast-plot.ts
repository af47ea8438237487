import type uPlot from "uplot";

import { axis, type ChartColors, type ChartOptions } from "@/components/charts/chart";
import type { ForecastStep } from "@/lib/judgement";
import { formatValue } from "@/lib/numbers";

export type PlotNames = Record<
  "step" | "actual" | "forecast" | "upper50" | "lower50" | "upper90" | "lower90",
  string
>;

/**
 * Past and forecast over the step index, 0 = first value. The forecast's lines begin at the last value, so that the
 * bands open there.
 */
export function forecastPlot(
  past: readonly (number | null)[],
  steps: readonly ForecastStep[],
): uPlot.AlignedData {
  const before = past.slice(0, -1).map(() => null);
  const last = past.slice(-1);
  const line = (name: keyof ForecastStep) =>
    steps.length === 0 ? past.map(() => null) : [...before, ...last, ...steps.map((step) => step[name])];
  const x = Array.from({ length: past.length + steps.length }, (_, index) => index);
  const actual = [...past, ...steps.map(() => null)];
  return [x, line("upper90"), line("lower90"), line("upper50"), line("lower50"), actual, line("predicted")];
}

/** How that is drawn: two bands, the past solid, the forecast dashed. */
export function forecastOptions(colors: ChartColors, hasLegend: boolean, names: PlotNames): ChartOptions {
  const value = (_: uPlot, shown: number | null) => formatValue(shown);
  const edge = (label: string): uPlot.Series => ({
    label,
    value,
    stroke: `${colors.forecast}66`,
    width: 1,
    points: { show: false },
  });
  return {
    legend: { show: hasLegend },
    scales: { x: { time: false } },
    axes: [
      axis(colors, {
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
        label: names.step,
        labelSize: 20,
      }),
      axis(colors, { size: 64, values: (_, splits) => splits.map(formatValue) }),
    ],
    series: [
      { label: names.step, value: (_, shown: number | null) => formatValue(shown) },
      edge(names.upper90),
      edge(names.lower90),
      edge(names.upper50),
      edge(names.lower50),
      { label: names.actual, value, stroke: colors.actual, width: 1.5 },
      { label: names.forecast, value, stroke: colors.forecast, width: 2, dash: [6, 4] },
    ],
    bands: [
      { series: [1, 2], fill: `${colors.forecast}22` },
      { series: [3, 4], fill: `${colors.forecast}44` },
    ],
  };
}
