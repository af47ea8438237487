import { useTranslation } from "react-i18next";

import { formatDuration } from "@/lib/time";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatBytes, formatCount } from "@/features/pipeline/data/figures";
import { of } from "@/features/pipeline/data/path";
import { Figure, Value } from "@/features/pipeline/components/figure";
import { PartPanel } from "@/features/pipeline/components/part-panel";

/** How full and how busy the database is. */
export function DatabasePanel({ part }: { part: Pipeline["database"] }) {
  const { t } = useTranslation("pipeline");
  const age = part.oldest_transaction_s;
  const noTransaction = part.state === "off" ? null : t("none");
  return (
    <PartPanel name="database" part={part}>
      <dl className="pipeline-list">
        <Figure label={t("database.connections")} rule={t("database.connectionsRule")}>
          <Value value={of(part.connections, part.max_connections)} />
        </Figure>
        <Figure label={t("database.transaction")} rule={t("database.transactionRule")}>
          <Value value={age === null ? noTransaction : formatDuration(age * 1000)} />
        </Figure>
        <Figure label={t("database.size")}>
          <Value value={formatBytes(part.size_bytes)} />
        </Figure>
        <Figure label={t("database.disk")} rule={t("database.diskRule")}>
          <Value value={formatBytes(part.free_disk_bytes)} />
        </Figure>
        <Figure label={t("database.jobs")}>
          <Value value={formatCount(part.jobs)} unit={t("database.rows")} />
        </Figure>
        <Figure label={t("database.verdicts")}>
          <Value value={formatCount(part.verdicts)} unit={t("database.rows")} />
        </Figure>
      </dl>
    </PartPanel>
  );
}
