import { Group, NativeSelect } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useMission } from "@/api/get-mission";
import { CommitInput } from "@/components/controls/commit-input";
import { TimeRangeFields } from "@/components/controls/time-range-fields";
import { useSubsystemName } from "@/components/subsystem-name";
import { STATUSES, type SearchState } from "@/features/search/search";

const route = getRouteApi("/search");

type Field = "model" | "status" | "satellite" | "subsystem" | "channel";

/** The fields that a tab filters by, and the time range; all stand in the address. */
export function SearchFields({ fields }: { fields: readonly Field[] }) {
  const { t } = useTranslation("search");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const choose = (change: Partial<SearchState>) =>
    void navigate({ search: { ...search, ...change }, replace: true });
  return (
    <Group gap="xs" align="flex-end" role="search" aria-label={t("fields.label")}>
      {fields.map((field) => (
        <FieldInput key={field} field={field} search={search} choose={choose} />
      ))}
      <TimeRangeFields from={search.from} to={search.to} onChange={choose} />
    </Group>
  );
}

function FieldInput({
  field,
  search,
  choose,
}: {
  field: Field;
  search: SearchState;
  choose: (change: Partial<SearchState>) => void;
}) {
  const { t } = useTranslation("search");
  const options = useOptions(field);
  const label = t(`fields.${field}`);
  if (!options)
    return (
      <CommitInput
        label={label}
        value={search[field] ?? ""}
        onCommit={(value) => choose({ [field]: value || undefined })}
      />
    );
  return (
    <NativeSelect
      size="xs"
      label={label}
      value={search[field] ?? ""}
      onChange={(event) => choose({ [field]: event.currentTarget.value || undefined })}
      data={[{ value: "", label: t("fields.any") }, ...options]}
    />
  );
}

/** What a field may be, where the mission knows; a channel only within a chosen subsystem. */
function useOptions(field: Field): { value: string; label: string }[] | null {
  const { t } = useTranslation("shared");
  const { subsystem } = route.useSearch();
  const subsystemName = useSubsystemName();
  const mission = useMission().data;
  const plain = (names: string[]) => names.map((name) => ({ value: name, label: name }));
  switch (field) {
    case "status":
      return STATUSES.map((value) => ({ value, label: t(`judgement.job.${value}`) }));
    case "model":
      return plain(mission?.models ?? []);
    case "subsystem":
      return (mission?.subsystems ?? []).map(({ name }) => ({ value: name, label: subsystemName(name) }));
    case "channel": {
      const chosen = mission?.subsystems.find(({ name }) => name === subsystem);
      return chosen ? plain(chosen.channels.map(({ name }) => name)) : null;
    }
    case "satellite":
      return null;
  }
}
