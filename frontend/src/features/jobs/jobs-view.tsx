import "@/features/jobs/jobs.css";
import "@/components/verdicts/judgement.css";

import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Pages } from "@/components/controls/pages";
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
    <Page title={t("title")} controls={<JobPages next={jobs.data?.next_cursor ?? null} />}>
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

function JobPages({ next }: { next: string | null }) {
  const { t } = useTranslation("jobs");
  const { cursor, ...filters } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Pages
      cursor={cursor}
      next={next}
      words={{
        here: cursor === undefined ? t("pages.live") : t("pages.still"),
        first: t("pages.newest"),
        next: t("pages.older"),
      }}
      onGo={(to) => void navigate({ search: { ...filters, cursor: to } })}
    />
  );
}
