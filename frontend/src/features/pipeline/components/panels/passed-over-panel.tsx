import { useTranslation } from "react-i18next";

import { StatusText } from "@/components/status/status-text";
import { UtcTime } from "@/components/utc-time";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatCount } from "@/features/pipeline/data/figures";
import { Value } from "@/features/pipeline/components/figure";
import { PartPanel } from "@/features/pipeline/components/part-panel";
import { RowsTable } from "@/features/pipeline/components/rows-table";

/** What was left out so that the rest could go on, and why: the rows say all that the part's detail does. */
export function PassedOverPanel({ part }: { part: Pipeline["passed_over"] }) {
  const { t } = useTranslation("pipeline");
  return (
    <PartPanel
      name="passed_over"
      part={part}
      rule={t("passedOver.rule")}
      isWaitingCounted={part.items.length > 0}
    >
      <RowsTable
        caption={t("parts.passed_over")}
        rows={part.items}
        rowKey={(row) => row.what}
        columns={[
          { label: t("passedOver.what"), cell: (row) => <span lang="en">{row.what}</span>, isText: true },
          { label: t("passedOver.count"), cell: (row) => <Value value={formatCount(row.count)} /> },
          {
            label: t("passedOver.newest"),
            cell: (row) => <UtcTime time={row.newest_at} />,
            isText: true,
          },
          { label: t("passedOver.reason"), cell: (row) => <span lang="en">{row.reason}</span>, isText: true },
          {
            label: t("passedOver.state"),
            cell: ({ state }) => <StatusText status={state} text={t(`states.${state}`)} />,
            isText: true,
          },
        ]}
      />
    </PartPanel>
  );
}
