import { useMantineColorScheme } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";

export type ChartColors = Record<
  "actual" | "forecast" | "grid" | "text" | "nominal" | "anomaly" | "limit" | "contact",
  string
>;
export type ChartOptions = Omit<uPlot.Options, "width" | "height">;

/** Colours of charts in the present theme: a canvas knows no CSS variables. */
export function useChartColors(): ChartColors {
  const { colorScheme } = useMantineColorScheme();
  return useMemo(() => {
    document.documentElement.classList.toggle("light-theme", colorScheme === "light");
    const style = getComputedStyle(document.documentElement);
    const color = (name: keyof ChartColors) => [name, style.getPropertyValue(`--chart-${name}`).trim()];
    const names = ["actual", "forecast", "grid", "text", "nominal", "anomaly", "limit", "contact"] as const;
    return Object.fromEntries(names.map(color)) as ChartColors;
  }, [colorScheme]);
}

/** Axis of a chart in the colours of the theme. */
export function axis(colors: ChartColors, options: uPlot.Axis = {}): uPlot.Axis {
  return {
    stroke: colors.text,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1 },
    ...options,
  };
}

/** Reads Unix seconds as UTC. */
export const utcDate = (seconds: number): Date => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");

/**
 * A uPlot chart as wide as its place. New `options` build it anew, new `data` are drawn in place; `label` is what a
 * screen reader says instead of the drawing.
 */
export function Chart({
  options,
  data,
  height,
  label,
  onChart,
}: {
  options: ChartOptions;
  data: uPlot.AlignedData;
  height: number;
  label: string;
  onChart?: (chart: uPlot | null) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef({ data, onChart });
  useEffect(() => {
    latest.current = { data, onChart };
  });
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const built = new uPlot(
      { ...options, width: element.clientWidth || 300, height },
      latest.current.data,
      element,
    );
    chart.current = built;
    latest.current.onChart?.(built);
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) built.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      latest.current.onChart?.(null);
      chart.current = null;
      built.destroy();
    };
  }, [options, height]);
  useEffect(() => {
    if (chart.current && chart.current.data !== data) chart.current.setData(data);
  }, [data]);
  return <div ref={place} className="chart" role="img" aria-label={label} style={{ minHeight: height }} />;
}
