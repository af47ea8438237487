import { useTranslation } from "react-i18next";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatCount } from "@/features/pipeline/data/figures";
import { Figure, Value } from "@/features/pipeline/components/figure";
import { PartPanel } from "@/features/pipeline/components/part-panel";

/** What can be searched, and what can't be yet. */
export function SearchPanel({ part }: { part: Pipeline["search"] }) {
  const { t } = useTranslation("pipeline");
  return (
    <PartPanel name="search" part={part} isWaitingCounted={part.documents !== null}>
      <dl className="pipeline-list">
        <Figure label={t("search.documents")}>
          <Value value={formatCount(part.documents)} unit={t("search.documentsUnit")} />
        </Figure>
        <Figure label={t("search.lag")} rule={t("search.rule")}>
          <Value value={formatCount(part.relay_lag)} unit={t("search.lagUnit")} />
        </Figure>
      </dl>
    </PartPanel>
  );
}
