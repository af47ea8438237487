import { Button, Group, Stack } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { useFieldsText } from "@/components/limit-text";
import { Panel } from "@/components/page";
import { SatelliteLink } from "@/components/satellite-link";
import { DataTable, type Column } from "@/components/table/data-table";
import { UtcTime } from "@/components/utc-time";
import { useLimitSets, type LimitSet, type SatelliteSet } from "@/features/limits/api/limit-sets";
import { SwitchDialog } from "@/features/limits/components/sets/switch-dialog";
import { keyOf } from "@/features/limits/data/values";

/** The mission's limit sets and the satellites that were switched; nothing of a mission without sets. */
export function SetsPanel() {
  const { t } = useTranslation("limits");
  const sets = useLimitSets().data;
  const [satellite, setSatellite] = useState<string | null>(null);
  const setColumns = useSetColumns();
  const satelliteColumns = useSatelliteColumns(setSatellite);
  if (!sets || (sets.sets.length < 2 && sets.satellites.length === 0)) return null;
  return (
    <Panel title={t("sets.title")}>
      <Stack gap="sm">
        <DataTable
          columns={setColumns}
          rows={sets.sets}
          rowKey={({ name }) => name}
          caption={t("sets.table")}
        />
        {sets.satellites.length > 0 && (
          <DataTable
            columns={satelliteColumns}
            rows={sets.satellites}
            rowKey={({ satellite_id }) => satellite_id}
            caption={t("sets.satellites")}
          />
        )}
        <Group>
          <Button size="xs" variant="default" onClick={() => setSatellite("")}>
            {t("sets.switch")}
          </Button>
        </Group>
      </Stack>
      {satellite !== null && (
        <SwitchDialog sets={sets} satellite={satellite} onClose={() => setSatellite(null)} />
      )}
    </Panel>
  );
}

function useSetColumns(): Column<LimitSet>[] {
  const { t } = useTranslation("limits");
  return useMemo<Column<LimitSet>[]>(
    () => [
      { id: "name", header: t("sets.name"), cell: ({ row }) => <strong>{row.original.name}</strong> },
      { id: "rules", header: t("sets.rules"), cell: ({ row }) => <Rules limitSet={row.original} /> },
    ],
    [t],
  );
}

/** What a set replaces, or why it switches a rule off. */
function Rules({ limitSet }: { limitSet: LimitSet }) {
  const { t } = useTranslation("limits");
  const fieldsText = useFieldsText();
  if (limitSet.rules.length === 0) return t("sets.asInFile");
  return limitSet.rules.map((rule) => (
    <div key={keyOf(rule)}>
      {keyOf(rule)}:{" "}
      {[fieldsText(rule.fields), rule.switched_off && t("sets.off", { reason: rule.switched_off })]
        .filter(Boolean)
        .join(", ")}
    </div>
  ));
}

function useSatelliteColumns(onSwitch: (satellite: string) => void): Column<SatelliteSet>[] {
  const { t } = useTranslation("limits");
  return useMemo<Column<SatelliteSet>[]>(
    () => [
      {
        id: "satellite",
        header: t("sets.satellite"),
        cell: ({ row }) => <SatelliteLink satelliteId={row.original.satellite_id} />,
      },
      {
        id: "set",
        header: t("sets.set"),
        cell: ({ row: { original } }) => (
          <>
            <strong>{original.limit_set}</strong>
            {original.problem && ` (${original.problem})`}
          </>
        ),
      },
      { id: "since", header: t("sets.since"), cell: ({ row }) => <UtcTime time={row.original.at} /> },
      { id: "by", header: t("sets.by"), cell: ({ row }) => row.original.operator },
      { id: "why", header: t("sets.why"), cell: ({ row }) => row.original.comment },
      {
        id: "actions",
        header: t("columns.actions"),
        cell: ({ row: { original } }) => (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={t("sets.switchOf", { satellite: original.satellite_id })}
            onClick={() => onSwitch(original.satellite_id)}
          >
            {t("sets.open")}
          </Button>
        ),
      },
    ],
    [t, onSwitch],
  );
}
