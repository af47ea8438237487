import { Text } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type uPlot from "uplot";

import { useMission } from "@/api/get-mission";
import { axis, Chart, useChartColors, utcDate, type ChartOptions } from "@/components/charts/chart";
import { TIME_LABEL_PX, timeLabels } from "@/components/charts/time-labels";
import { Panel } from "@/components/page";
import type { AlertDetail } from "@/features/alerts/api/get-alert";
import { scoreLines } from "@/features/alerts/data/score-lines";

/** Verdicts above which the line stands without its points. */
const MOST_POINTS = 60;

/** Scores of an alert's verdicts over time, with the threshold of the mission. */
export function ScorePanel({ verdicts }: { verdicts: AlertDetail["verdicts"] }) {
  const { t } = useTranslation("alerts");
  const threshold = useMission().data?.anomaly_threshold ?? null;
  const data = useMemo(() => scoreLines(verdicts, threshold), [verdicts, threshold]);
  return (
    <Panel title={t("score.title")}>
      {data === null ? (
        <Text c="dimmed">{t("score.none")}</Text>
      ) : (
        <ScoreChart data={data} threshold={threshold} />
      )}
    </Panel>
  );
}

function ScoreChart({ data, threshold }: { data: uPlot.AlignedData; threshold: number | null }) {
  const { t, i18n } = useTranslation("alerts");
  const colors = useChartColors();
  const language = i18n.language;
  const count = data[0].length;
  const isSparse = count <= MOST_POINTS;
  const options = useMemo<ChartOptions>(
    () => ({
      tzDate: utcDate,
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: [0, 1.05] } },
      axes: [
        axis(colors, {
          size: 30,
          space: TIME_LABEL_PX,
          values: (_, times, __, ___, increment) => timeLabels(times, increment),
        }),
        axis(colors, { size: 44, space: 18, incrs: [0.25, 0.5] }),
      ],
      series: [
        {},
        {
          label: i18n.t("alerts:score.score", { lng: language }),
          stroke: colors.actual,
          width: 1.5,
          points: { show: isSparse, size: 6, fill: colors.actual },
        },
        { stroke: colors.text, width: 1.5, dash: [6, 4], points: { show: false } },
      ],
    }),
    [colors, isSparse, i18n, language],
  );
  return (
    <>
      <Chart
        options={options}
        data={data}
        height={150}
        label={t("score.label", { count, threshold: threshold ?? "–" })}
      />
      <Text size="xs" c="dimmed">
        UTC · ┄ {t("score.threshold")} {threshold ?? "–"}
      </Text>
    </>
  );
}
