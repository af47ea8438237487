import { Button, Group, NativeSelect } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useMission } from "@/api/get-mission";
import { CommitInput } from "@/components/controls/commit-input";
import { TimeRangeFields } from "@/components/controls/time-range-fields";
import { useSubsystemName } from "@/components/subsystem-name";
import { SOURCES, STATUSES, type JobSearch } from "@/features/jobs/search";

const route = getRouteApi("/jobs");

/** Which jobs are listed; every filter stands in the address, and a change begins at the newest page. */
export function JobFilters() {
  const { t } = useTranslation("jobs");
  const { t: shared } = useTranslation("shared");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mission = useMission().data;
  const subsystemName = useSubsystemName();
  const choose = (change: Partial<JobSearch>) =>
    void navigate({ search: { ...search, ...change, cursor: undefined }, replace: true });
  const any = { value: "", label: t("filters.any") };
  return (
    <Group gap="xs" align="flex-end" role="search" aria-label={t("filters.label")}>
      <CommitInput
        label={t("filters.satellite")}
        w={100}
        value={search.satellite ?? ""}
        onCommit={(satellite) => choose({ satellite: satellite || undefined })}
      />
      <NativeSelect
        size="xs"
        label={t("filters.subsystem")}
        value={search.subsystem ?? ""}
        onChange={(event) => choose({ subsystem: event.currentTarget.value || undefined })}
        data={[
          any,
          ...(mission?.subsystems ?? []).map(({ name }) => ({ value: name, label: subsystemName(name) })),
        ]}
      />
      <NativeSelect
        size="xs"
        label={t("filters.status")}
        value={search.status ?? ""}
        onChange={(event) => choose({ status: STATUSES.find((name) => name === event.currentTarget.value) })}
        data={[any, ...STATUSES.map((name) => ({ value: name, label: shared(`judgement.job.${name}`) }))]}
      />
      <NativeSelect
        size="xs"
        label={t("filters.source")}
        value={search.source ?? ""}
        onChange={(event) => choose({ source: SOURCES.find((name) => name === event.currentTarget.value) })}
        data={[any, ...SOURCES.map((name) => ({ value: name, label: t(`source.${name}`) }))]}
      />
      <NativeSelect
        size="xs"
        label={t("filters.model")}
        value={search.model ?? ""}
        onChange={(event) => choose({ model: event.currentTarget.value || undefined })}
        data={[any, ...(mission?.models ?? []).map((name) => ({ value: name, label: name }))]}
      />
      <CommitInput
        label={t("filters.reason")}
        w={100}
        value={search.reason ?? ""}
        onCommit={(reason) => choose({ reason: reason || undefined })}
      />
      <TimeRangeFields from={search.from} to={search.to} onChange={choose} />
      {Object.values(search).some(Boolean) && (
        <Button size="xs" variant="default" onClick={() => void navigate({ search: {} })}>
          {t("filters.clear")}
        </Button>
      )}
    </Group>
  );
}
