import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type uPlot from "uplot";

import {
  axis,
  Chart,
  useChartColors,
  utcDate,
  type ChartColors,
  type ChartOptions,
} from "@/components/charts/chart";
import { QueryView } from "@/components/query-view";
import type { Schemas } from "@/api/client";
import type { Limit, LimitValues, Tried } from "@/features/limits/api/limits";
import { useCurve } from "@/features/limits/api/try-limit";
import { boundsOf } from "@/features/limits/data/trial";
import { formatValue } from "@/lib/numbers";
import { formatUtc } from "@/lib/time";

const HEIGHT_PX = 200;

/** What a satellite's channel measured, with the limit in force dashed and the tried one solid. */
export function TrialChart(props: { limit: Limit; values: LimitValues; satelliteId: string; result: Tried }) {
  const { limit, satelliteId, result } = props;
  const curve = useCurve(limit, satelliteId, result);
  return <QueryView query={curve}>{(telemetry) => <Drawing {...props} telemetry={telemetry} />}</QueryView>;
}

function Drawing({
  limit,
  values,
  satelliteId,
  telemetry,
}: {
  limit: Limit;
  values: LimitValues;
  satelliteId: string;
  telemetry: Schemas["Telemetry"];
}) {
  const { t } = useTranslation("limits");
  const colors = useChartColors();
  const [before, after] = useMemo(
    () => [boundsOf(limit.in_force), boundsOf(values)],
    [limit.in_force, values],
  );
  const data = useMemo(() => curveData(telemetry, [...before, ...after]), [telemetry, before, after]);
  const options = useMemo(
    () =>
      curveOptions(
        colors,
        [
          ...before.map((bound) => ({
            label: t("trial.inForce", { bound: formatValue(bound) }),
            dash: [6, 4],
          })),
          ...after.map((bound) => ({ label: t("trial.tried", { bound: formatValue(bound) }), dash: [] })),
        ],
        { time: t("trial.time"), low: t("trial.low"), high: t("trial.high") },
      ),
    [colors, before, after, t],
  );
  const label = t("trial.chart", { channel: limit.channel, satellite: satelliteId });
  return <Chart options={options} data={data} height={HEIGHT_PX} label={label} />;
}

/** Time, least and greatest value, then a level line for each bound. */
function curveData({ times, channels }: Schemas["Telemetry"], bounds: readonly number[]): uPlot.AlignedData {
  const [channel] = channels;
  const none = times.map(() => null);
  return [
    times,
    channel?.min ?? none,
    channel?.max ?? none,
    ...bounds.map((bound) => times.map(() => bound)),
  ];
}

function curveOptions(
  colors: ChartColors,
  bounds: readonly { label: string; dash: number[] }[],
  names: Record<"time" | "low" | "high", string>,
): ChartOptions {
  const value = (_: uPlot, shown: number | null) => formatValue(shown);
  const edge = (label: string): uPlot.Series => ({ label, value, stroke: colors.actual, width: 1.25 });
  return {
    tzDate: utcDate,
    legend: { show: true },
    scales: { x: { time: true } },
    axes: [
      axis(colors, {
        values: (_, splits) => splits.map((time) => formatUtc(time * 1000, { seconds: false }).slice(5)),
        space: 90,
      }),
      axis(colors, { size: 64, values: (_, splits) => splits.map(formatValue) }),
    ],
    series: [
      {
        label: names.time,
        value: (_, time: number | null) => (time === null ? "–" : formatUtc(time * 1000)),
      },
      edge(names.low),
      edge(names.high),
      ...bounds.map(({ label, dash }): uPlot.Series => ({
        label,
        value: () => "",
        stroke: colors.text,
        width: 1.5,
        dash,
        points: { show: false },
      })),
    ],
    bands: [{ series: [2, 1], fill: `${colors.actual}66` }],
  };
}
