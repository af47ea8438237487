import { Button } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column } from "@/components/table/data-table";
import { useSubsystemName } from "@/components/subsystem-name";
import type { Limit } from "@/features/limits/api/limits";
import { Origin } from "@/features/limits/components/origin";
import { keyOf, limitText } from "@/features/limits/data/values";

/** Which limit a dialog is about, and which dialog. */
export type Choice = { key: string; dialog: "change" | "history" };

/** All limits, subsystem by subsystem. */
export function LimitTable({ limits, onChoose }: { limits: Limit[]; onChoose: (choice: Choice) => void }) {
  const { t } = useTranslation("limits");
  const columns = useColumns(onChoose);
  return <DataTable columns={columns} rows={limits} rowKey={keyOf} caption={t("table")} />;
}

function useColumns(onChoose: (choice: Choice) => void): Column<Limit>[] {
  const { t } = useTranslation("limits");
  const subsystemName = useSubsystemName();
  return useMemo<Column<Limit>[]>(
    () => [
      {
        id: "subsystem",
        header: t("columns.subsystem"),
        cell: ({ row }) => subsystemName(row.original.subsystem),
      },
      { id: "channel", header: t("columns.channel"), cell: ({ row }) => row.original.channel },
      { id: "reason", header: t("columns.reason"), cell: ({ row }) => row.original.reason },
      {
        id: "limit",
        header: t("columns.limit"),
        cell: ({ row: { original } }) => (
          <>
            <strong className="numeric">{limitText(original, t("anyChange"))}</strong>
            {original.is_contextual && ` (${t("contextual")})`}
            {original.switched_off && ` (${t("sets.off", { reason: original.switched_off })})`}
          </>
        ),
      },
      {
        id: "severity",
        header: t("columns.severity"),
        cell: ({ row }) => t(`severity.${row.original.in_force.severity}`, { ns: "shared" }),
      },
      { id: "delay", header: t("columns.delay"), cell: ({ row }) => <Delays limit={row.original} /> },
      { id: "origin", header: t("columns.origin"), cell: ({ row }) => <Origin limit={row.original} /> },
      {
        id: "actions",
        header: t("columns.actions"),
        cell: ({ row }) => <Actions limit={row.original} onChoose={onChoose} />,
      },
    ],
    [t, subsystemName, onChoose],
  );
}

/** What must come before it is an alarm, and before it is over. */
function Delays({ limit: { in_force, unit } }: { limit: Limit }) {
  const { t } = useTranslation("limits");
  const parts = [
    in_force.min_violations > 1 && t("delays.violations", { count: in_force.min_violations }),
    in_force.min_duration_s > 0 && t("delays.duration", { seconds: in_force.min_duration_s }),
    in_force.dead_band > 0 && t("delays.deadBand", { width: `${in_force.dead_band} ${unit}`.trim() }),
    t("delays.hold", { seconds: in_force.hold_s }),
    in_force.min_clear > 1 && t("delays.clear", { count: in_force.min_clear }),
    in_force.latching && t("delays.latching"),
  ];
  return <>{parts.filter(Boolean).join(", ")}</>;
}

function Actions({ limit, onChoose }: { limit: Limit; onChoose: (choice: Choice) => void }) {
  const { t } = useTranslation("limits");
  const key = keyOf(limit);
  const button = (dialog: Choice["dialog"], text: string, name: string) => (
    <Button size="compact-xs" variant="default" aria-label={name} onClick={() => onChoose({ key, dialog })}>
      {text}
    </Button>
  );
  return (
    <span className="limit-actions">
      {button("change", t("change.open"), t("change.title", { name: key }))}
      {button("history", t("history.open"), t("history.title", { name: key }))}
    </span>
  );
}
