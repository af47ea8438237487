import { Code } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { UtcTime } from "@/components/utc-time";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatMeasure, formatPercent } from "@/features/pipeline/data/figures";
import { Figure, Value } from "@/features/pipeline/components/figure";
import { PartPanel } from "@/features/pipeline/components/part-panel";

const SEND_TELEMETRY =
  "cd tests && python3 satellite_simulator.py --kafka kafka:9092 --satellites 3 --interval 3 --duration 60";

/** What comes out at the end: how much, how fast, how well. */
export function VerdictsPanel({ part }: { part: Pipeline["verdicts"] }) {
  const { t } = useTranslation("pipeline");
  return (
    <PartPanel name="verdicts" part={part} scope={t("verdicts.scope")}>
      <dl className="pipeline-tiles">
        <Figure label={t("verdicts.perMinute")}>
          <Value value={formatMeasure(part.per_minute)} unit={t("verdicts.perMinuteUnit")} />
        </Figure>
        <Figure label={t("verdicts.p50")}>
          <Value value={formatMeasure(part.latency_p50_ms)} unit="ms" />
        </Figure>
        <Figure label={t("verdicts.p99")}>
          <Value value={formatMeasure(part.latency_p99_ms)} unit="ms" />
        </Figure>
        <Figure label={t("verdicts.success")} rule={t("verdicts.successRule")}>
          <Value value={formatPercent(part.success_percent)} unit="%" />
        </Figure>
        <Figure label={t("verdicts.open")} rule={t("verdicts.openRule")}>
          <Value value={formatMeasure(part.open_jobs)} />
        </Figure>
        <Figure label={t("verdicts.oldestOpen")}>
          <Value value={formatMeasure(part.oldest_open_s)} unit="s" />
        </Figure>
        <Figure label={t("verdicts.restless")}>
          <Value value={formatMeasure(part.restless_judged)} />
        </Figure>
        <Figure label={t("verdicts.leftOut")} rule={t("verdicts.leftOutRule")}>
          <Value value={formatMeasure(part.restless_left_out)} />
        </Figure>
        <Figure label={t("verdicts.behind")} rule={t("verdicts.behindRule")}>
          <Value value={formatMeasure(part.anomalies_behind_s)} unit="s" />
        </Figure>
        <Figure label={t("verdicts.newest")}>
          {part.newest_at ? <UtcTime time={part.newest_at} /> : <Value value={null} />}
        </Figure>
      </dl>
      {part.newest_at === null && part.state !== "off" && (
        <p className="pipeline-note">
          {t("verdicts.fresh")} <Code>{SEND_TELEMETRY}</Code>
        </p>
      )}
    </PartPanel>
  );
}
