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
  return (
    <Group gap="xs" align="flex-end" role="search" aria-label={t("filters.label")}>
      <CommitInput
        label={t("filters.satellite")}
        w={100}
        value={search.satellite ?? ""}
        onCommit={(satellite) => choose({ satellite: satellite || undefined })}
      />
      <OneOf
        label={t("filters.subsystem")}
        value={search.subsystem}
        onChoose={(subsystem) => choose({ subsystem: subsystem || undefined })}
        options={(mission?.subsystems ?? []).map(({ name }) => ({ value: name, label: subsystemName(name) }))}
      />
      <OneOf
        label={t("filters.status")}
        value={search.status}
        onChoose={(status) => choose({ status: STATUSES.find((name) => name === status) })}
        options={STATUSES.map((name) => ({ value: name, label: shared(`judgement.job.${name}`) }))}
      />
      <OneOf
        label={t("filters.source")}
        value={search.source}
        onChoose={(source) => choose({ source: SOURCES.find((name) => name === source) })}
        options={SOURCES.map((name) => ({ value: name, label: t(`source.${name}`) }))}
      />
      <OneOf
        label={t("filters.model")}
        value={search.model}
        onChoose={(model) => choose({ model: model || undefined })}
        options={mission?.models ?? []}
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

/** A choice among options, or any of them, which is the empty text. */
function OneOf({
  label,
  value,
  options,
  onChoose,
}: {
  label: string;
  value: string | undefined;
  options: (string | { value: string; label: string })[];
  onChoose: (value: string) => void;
}) {
  const { t } = useTranslation("jobs");
  return (
    <NativeSelect
      size="xs"
      label={label}
      value={value ?? ""}
      onChange={(event) => onChoose(event.currentTarget.value)}
      data={[{ value: "", label: t("filters.any") }, ...options]}
    />
  );
}
