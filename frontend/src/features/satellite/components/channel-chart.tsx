import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import type uPlot from "uplot";

import { Chart, useChartColors } from "@/components/charts/chart";
import { StatusSymbol } from "@/components/status/status-symbol";

import { formatValue, judge } from "@/features/satellite/data/judgement";
import { alignedData, EMPTY_PLOT } from "@/features/satellite/data/plot/plot-data";
import type { ChartGroup, Reading } from "@/features/satellite/drawing/chart-group";
import { chartOptions, type ChartActions } from "@/features/satellite/drawing/chart-options";
import type { ChartSpec } from "@/features/satellite/drawing/chart-spec";
import { useDrawn } from "@/features/satellite/components/hooks/use-drawn";

const HEIGHT_PX = 132;
const NO_DATA = alignedData(EMPTY_PLOT, undefined);

/** One channel: its newest value, what it means, and the drawing, which gets its values past React. */
export function ChannelChart({
  spec,
  group,
  actions,
}: {
  spec: ChartSpec;
  group: ChartGroup;
  actions: ChartActions;
}) {
  const { t } = useTranslation("satellite");
  const colors = useChartColors();
  const options = useMemo(() => chartOptions(spec, colors, group, actions), [spec, colors, group, actions]);
  const attach = (chart: uPlot | null) => group.attach(spec.key, chart);
  return (
    <article className="satellite-chart" data-channel={spec.key}>
      <header>
        <h3>
          {spec.channel.name} <span className="dimmed">{spec.channel.unit}</span>
        </h3>
        <NewestValue spec={spec} group={group} />
        <CursorValues spec={spec} group={group} />
      </header>
      <Chart
        options={options}
        data={NO_DATA}
        height={HEIGHT_PX}
        label={t("chart", { channel: spec.channel.name })}
        onChart={attach}
      />
    </article>
  );
}

function NewestValue({ spec: { key, channel, rules }, group }: { spec: ChartSpec; group: ChartGroup }) {
  const { t } = useTranslation("satellite");
  const newest = useDrawn(group, () => group.channel(key)?.newest ?? null);
  const judgement = judge(newest, channel, rules);
  const [low, high] = channel.nominal ?? [];
  const range = t("nominal", { low: formatValue(low), high: formatValue(high) });
  return (
    <>
      <strong className="numeric satellite-newest">
        {formatValue(newest)} {newest !== null && channel.unit}
      </strong>
      {judgement && (
        <span className="status-text satellite-judgement" data-judgement={judgement}>
          <StatusSymbol status={judgement === "limit" ? "critical" : "caution"} size={13} />
          {t(judgement)}
        </span>
      )}
      {channel.nominal && <span className="dimmed satellite-nominal">{range}</span>}
    </>
  );
}

/** Values at the cursor, written past React: the pointer moves faster than React renders. */
function CursorValues({ spec: { key, channel }, group }: { spec: ChartSpec; group: ChartGroup }) {
  const { t } = useTranslation("satellite");
  const place = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    const write = (reading: Reading | null) => {
      const { min, max, forecast } = reading ?? { min: null, max: null, forecast: null };
      const parts: string[] = [];
      if (reading && max === null) parts.push(t("noValue"));
      else if (min !== max) parts.push(`${t("reading.extremes")} ${formatValue(min)} – ${formatValue(max)}`);
      else if (max !== null) parts.push(`${t("reading.value")} ${formatValue(max)} ${channel.unit}`);
      if (reading && forecast !== null) {
        parts.push(`${t("reading.forecast")} ${formatValue(forecast)}`);
        parts.push(
          `${t("reading.band50")} ${formatValue(reading.lower50)} – ${formatValue(reading.upper50)}`,
        );
        parts.push(
          `${t("reading.band90")} ${formatValue(reading.lower90)} – ${formatValue(reading.upper90)}`,
        );
      }
      const text = parts.join(" · ");
      if (place.current && place.current.textContent !== text) place.current.textContent = text;
    };
    return group.onCursor(() => write(group.readingOf(key)));
  }, [group, key, channel.unit, t]);
  return <p ref={place} className="satellite-reading numeric" />;
}
