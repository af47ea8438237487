import { Button, NativeSelect, Select } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { z } from "zod";

import { useMission } from "@/api/get-mission";
import { useSubsystemName } from "@/components/subsystem-name";
import { useSatelliteNames } from "@/features/alerts/api/list-satellites";
import { searchSchema } from "@/features/alerts/search";
import { ALERT_STATES, DEFAULT_RANGE, RANGES } from "@/features/alerts/states";
import { listOf, toggled } from "@/lib/address/address";

const route = getRouteApi("/alerts");

/** Which alerts are shown; each choice is in the address. */
export function AlertFilters() {
  const { t } = useTranslation("alerts");
  const { state, kind, satellite, subsystem, range } = route.useSearch();
  const subsystemName = useSubsystemName();
  const subsystems = useMission().data?.subsystems.map(({ name }) => name) ?? [];
  const choose = useChoose();
  const isFiltered = Boolean(state ?? kind ?? satellite ?? subsystem);
  const any = { value: "", label: t("filter.any") };
  return (
    <div className="alert-filters">
      <StateFilter />
      <SatelliteFilter />
      <NativeSelect
        size="xs"
        aria-label={t("filter.subsystem")}
        value={subsystem ?? ""}
        onChange={(event) => choose({ subsystem: event.currentTarget.value || undefined })}
        data={[
          { ...any, label: `${t("filter.subsystem")}: ${any.label}` },
          ...subsystems.map((value) => ({ value, label: subsystemName(value) })),
        ]}
      />
      <NativeSelect
        size="xs"
        aria-label={t("filter.kind")}
        value={kind ?? ""}
        onChange={(event) => choose({ kind: event.currentTarget.value || undefined })}
        data={[
          { ...any, label: `${t("filter.kind")}: ${any.label}` },
          { value: "anomaly", label: t("kind.anomaly") },
          { value: "limit", label: t("kind.limit") },
          { value: "satellite", label: t("kind.satellite") },
        ]}
      />
      <NativeSelect
        size="xs"
        aria-label={t("filter.range")}
        value={range ?? DEFAULT_RANGE}
        onChange={({ currentTarget: { value } }) =>
          choose({ range: value === DEFAULT_RANGE ? undefined : value })
        }
        data={Object.keys(RANGES).map((value) => ({ value, label: t("filter.last", { range: value }) }))}
      />
      {isFiltered && (
        <Button
          size="xs"
          variant="subtle"
          onClick={() => choose({ state: null, kind: null, satellite: null, subsystem: null })}
        >
          {t("filter.clear")}
        </Button>
      )}
    </div>
  );
}

function SatelliteFilter() {
  const { t } = useTranslation("alerts");
  const { satellite } = route.useSearch();
  const satellites = useSatelliteNames();
  const choose = useChoose();
  return (
    <Select
      size="xs"
      aria-label={t("filter.satellite")}
      placeholder={t("filter.satellite")}
      data={satellite && !satellites.includes(satellite) ? [satellite, ...satellites] : satellites}
      limit={100}
      value={satellite ?? null}
      onChange={(value) => choose({ satellite: value })}
      searchable
      clearable
    />
  );
}

function StateFilter() {
  const { t } = useTranslation("alerts");
  const states = listOf(route.useSearch().state, ALERT_STATES);
  const choose = useChoose();
  return (
    <div role="group" aria-label={t("states")} className="alert-states">
      {ALERT_STATES.map((word) => (
        <Button
          key={word}
          size="xs"
          variant="default"
          aria-pressed={states.includes(word)}
          onClick={() => choose({ state: toggled(states, word) })}
        >
          {t(`state.${word}`)}
        </Button>
      ))}
    </div>
  );
}

/** Returns what changes filters in the address; what is null or missing leaves it. */
function useChoose() {
  const navigate = route.useNavigate();
  return (changes: Partial<Record<keyof z.output<typeof searchSchema>, string | null>>) =>
    void navigate({ search: (before) => searchSchema.parse({ ...before, ...changes }), replace: true });
}
