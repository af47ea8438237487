import { Button, Group, NativeSelect } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { CommitInput } from "@/components/controls/commit-input";
import { SOURCES, STATES, type DeadLetterSearch } from "@/features/dead-letters/search";

const route = getRouteApi("/dead-letters");

/** Which letters are listed; every filter stands in the address. */
export function LetterFilters({ reasons }: { reasons: string[] }) {
  const { t } = useTranslation("dead-letters");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const choose = (change: Partial<DeadLetterSearch>) =>
    void navigate({ search: { ...search, ...change, cursor: undefined }, replace: true });
  const any = { value: "", label: t("filters.any") };
  const listed = [...new Set([...reasons, ...(search.reason ? [search.reason] : [])])];
  return (
    <Group gap="xs" align="flex-end" role="search" aria-label={t("filters.label")}>
      <NativeSelect
        size="xs"
        label={t("filters.state")}
        value={search.state ?? "open"}
        onChange={(event) => choose({ state: STATES.find((name) => name === event.currentTarget.value) })}
        data={STATES.map((name) => ({ value: name, label: t(`state.${name}`) }))}
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
        label={t("filters.reason")}
        value={search.reason ?? ""}
        onChange={(event) => choose({ reason: event.currentTarget.value || undefined })}
        data={[any, ...listed.map((name) => ({ value: name, label: name }))]}
      />
      <CommitInput
        label={t("filters.satellite")}
        w={100}
        value={search.satellite ?? ""}
        onCommit={(satellite) => choose({ satellite: satellite || undefined })}
      />
      {Object.values(search).some(Boolean) && (
        <Button size="xs" variant="default" onClick={() => void navigate({ search: {} })}>
          {t("filters.clear")}
        </Button>
      )}
    </Group>
  );
}
