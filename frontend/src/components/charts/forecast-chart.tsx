import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { Chart, useChartColors } from "@/components/charts/chart";
import { forecastOptions, forecastPlot } from "@/components/charts/forecast-plot";
import type { ForecastStep } from "@/lib/judgement";

/** A series, and after it the forecast with the bands that hold 50 and 90 % of the truth. */
export function ForecastChart({
  past,
  steps,
  label,
  height = 240,
}: {
  past: readonly (number | null)[];
  steps: readonly ForecastStep[];
  label: string;
  height?: number;
}) {
  const { t } = useTranslation("shared");
  const colors = useChartColors();
  const hasForecast = steps.length > 0;
  const data = useMemo(() => forecastPlot(past, steps), [past, steps]);
  const options = useMemo(
    () =>
      forecastOptions(colors, hasForecast, {
        step: t("forecast.step"),
        actual: t("forecast.actual"),
        forecast: t("forecast.forecast"),
        upper50: t("forecast.upper50"),
        lower50: t("forecast.lower50"),
        upper90: t("forecast.upper90"),
        lower90: t("forecast.lower90"),
      }),
    [colors, hasForecast, t],
  );
  return <Chart options={options} data={data} height={height} label={label} />;
}
