import { useTranslation } from "react-i18next";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatCount, formatMeasure } from "@/features/pipeline/data/figures";
import { Figure, Value } from "@/features/pipeline/components/figure";
import { PartPanel } from "@/features/pipeline/components/part-panel";

/** How much the store of telemetry holds and takes in. */
export function VictoriaMetricsPanel({ part }: { part: Pipeline["victoria_metrics"] }) {
  const { t } = useTranslation("pipeline");
  return (
    <PartPanel name="victoria_metrics" part={part}>
      <dl className="pipeline-list">
        <Figure label={t("victoria.series")}>
          <Value value={formatCount(part.active_series)} unit={t("victoria.seriesUnit")} />
        </Figure>
        <Figure label={t("victoria.samples")}>
          <Value value={formatMeasure(part.samples_per_s)} unit={t("victoria.samplesUnit")} />
        </Figure>
      </dl>
    </PartPanel>
  );
}
