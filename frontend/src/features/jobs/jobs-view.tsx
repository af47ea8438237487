import "@/features/jobs/jobs.css";
import "@/components/verdicts/judgement.css";

import { Button, Group, Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { Empty, Loading } from "@/components/states";
import { useJobs } from "@/features/jobs/api/list-jobs";
import { JobFilters } from "@/features/jobs/components/job-filters";
import { JobTable } from "@/features/jobs/components/job-table";

const route = getRouteApi("/jobs");

/** Every job, the newest first. */
export function JobsView() {
  const { t } = useTranslation("jobs");
  const search = route.useSearch();
  const jobs = useJobs(search);
  const isFiltered = Object.values(search).some(Boolean);
  return (
    <Page title={t("title")} controls={<Pages next={jobs.data?.next_cursor ?? null} />}>
      <JobFilters />
      <QueryView query={jobs} loading={<Loading rows={12} />}>
        {({ jobs: found }) =>
          found.length > 0 ? (
            <JobTable jobs={found} />
          ) : (
            <Empty title={t("empty.title")} command={isFiltered ? undefined : "make demo"}>
              {isFiltered ? t("empty.filtered") : t("empty.text")}
            </Empty>
          )
        }
      </QueryView>
    </Page>
  );
}

function Pages({ next }: { next: string | null }) {
  const { t } = useTranslation("jobs");
  const { cursor, ...filters } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Group gap="xs">
      <Text size="sm" className="dimmed">
        {cursor === undefined ? t("pages.live") : t("pages.still")}
      </Text>
      <Button
        size="xs"
        variant="default"
        disabled={cursor === undefined}
        onClick={() => void navigate({ search: filters })}
      >
        {t("pages.newest")}
      </Button>
      <Button
        size="xs"
        variant="default"
        disabled={next === null}
        onClick={() => void navigate({ search: { ...filters, cursor: next ?? undefined } })}
      >
        {t("pages.older")}
      </Button>
    </Group>
  );
}
