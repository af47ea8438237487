import { Button, Code, Group, Text, TextInput } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { DataTable, type Column } from "@/components/table/data-table";
import { JobLink } from "@/components/job-link";
import { Empty } from "@/components/states";
import { useJobSearch } from "@/features/search/api/search-jobs";
import { Found } from "@/features/search/components/found";

type Hit = Schemas["TextHit"];

const route = getRouteApi("/search");

/** Jobs by words. */
export function WordsTab() {
  const { t } = useTranslation("search");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const hits = useJobSearch(search.q);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const words = new FormData(event.currentTarget).get("q");
    const q = typeof words === "string" && words.trim() !== "" ? words.trim() : undefined;
    void navigate({ search: { ...search, q } });
  };
  return (
    <>
      <form onSubmit={submit} role="search">
        <Group align="flex-end" gap="xs">
          <TextInput
            key={search.q}
            name="q"
            label={t("words.label")}
            description={t("words.hint")}
            defaultValue={search.q ?? ""}
            maxLength={200}
            w={520}
          />
          <Button type="submit">{t("words.submit")}</Button>
        </Group>
      </form>
      {search.q === undefined ? (
        <Empty title={t("words.start")} />
      ) : (
        <Found query={hits} isEmpty={({ hits: found }) => found.length === 0}>
          {(data) => <Hits data={data} />}
        </Found>
      )}
    </>
  );
}

function Hits({ data }: { data: Schemas["TextHits"] }) {
  const { t } = useTranslation("search");
  const columns = useMemo<Column<Hit>[]>(
    () => [
      { id: "job", header: t("columns.job"), cell: ({ row }) => <JobLink jobId={row.original.job_id} /> },
      { id: "model", header: t("columns.model"), cell: ({ row }) => row.original.model_name },
      { id: "fit", header: t("columns.fit"), cell: ({ row }) => row.original.score.toFixed(2) },
      {
        id: "metadata",
        header: t("columns.metadata"),
        cell: ({ row }) => <Code className="metadata">{JSON.stringify(row.original.metadata ?? {})}</Code>,
      },
    ],
    [t],
  );
  return (
    <>
      <Text size="sm" className="numeric" role="status">
        {t("words.found", { total: data.total, took: data.took_ms })}{" "}
        {data.total > data.hits.length && t("words.shown", { count: data.hits.length })}
      </Text>
      <DataTable columns={columns} rows={data.hits} rowKey={(hit) => hit.job_id} caption={t("tabs.words")} />
    </>
  );
}
