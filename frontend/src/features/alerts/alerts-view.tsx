import "@/features/alerts/alerts.css";
import "@/features/alerts/components/bulk/bulk.css";

import { Button, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { AnomaliesBehind, isBehind } from "@/components/verdicts/anomalies-behind";
import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { Empty, Loading } from "@/components/states";
import { StatusText } from "@/components/status/status-text";
import { useAlerts } from "@/features/alerts/api/list-alerts";
import { AlertCards } from "@/features/alerts/components/alert-cards";
import { AlertFilters } from "@/features/alerts/components/alert-filters";
import { AlertTable } from "@/features/alerts/components/alert-table";
import { BulkBar } from "@/features/alerts/components/bulk/bulk-bar";
import { formatSort, parseSort, sortAlerts } from "@/features/alerts/data/order";
import { useSelection } from "@/features/alerts/data/selection";
import { ALERT_STATES, awaitsPerson, DEFAULT_RANGE, RANGES } from "@/features/alerts/states";
import { listOf } from "@/lib/address/address";

const route = getRouteApi("/alerts");
const PAGE_ROWS = 100;
const WAITING = ALERT_STATES.filter(awaitsPerson);

/** What went wrong and what still waits for a person. */
export function AlertsView() {
  const { t } = useTranslation("alerts");
  const { state, kind, satellite, subsystem, range } = route.useSearch();
  const hours = RANGES[range ?? DEFAULT_RANGE];
  const alerts = useAlerts({ states: listOf(state, ALERT_STATES), kind, satellite, subsystem, hours });
  return (
    <Page title={t("title")} controls={<Waiting hours={hours} />}>
      <AlertFilters />
      <QueryView query={alerts} loading={<Loading rows={10} />}>
        {(data) => (
          <>
            <AnomaliesBehind seconds={data.anomalies_behind_s} />
            {data.alerts.length === 0 ? (
              <Empty title={t("empty.title")}>{t("empty.text")}</Empty>
            ) : (
              <Found found={data} />
            )}
          </>
        )}
      </QueryView>
    </Page>
  );
}

function Waiting({ hours }: { hours: number }) {
  const { t } = useTranslation("alerts");
  const { data } = useAlerts({ states: WAITING, hours });
  if (!data) return null;
  if (data.alerts.length === 0)
    return isBehind(data.anomalies_behind_s) ? null : <StatusText status="normal" text={t("nothingWaits")} />;
  const worst = data.alerts.some(({ severity }) => severity === "critical") ? "critical" : "serious";
  const number = `${data.alerts.length}${data.is_truncated ? "+" : ""}`;
  return (
    <strong className="numeric" role="status">
      <StatusText status={worst} text={t("waiting", { number })} />
    </strong>
  );
}

function Found({ found }: { found: Schemas["Alerts"] }) {
  const { t } = useTranslation("alerts");
  const isPhone = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const navigate = route.useNavigate();
  const sortText = route.useSearch().sort;
  const [limit, setLimit] = useState(PAGE_ROWS);
  const sort = useMemo(() => parseSort(sortText), [sortText]);
  const sorted = useMemo(() => sortAlerts(found.alerts, sort), [found.alerts, sort]);
  const shown = sorted.slice(0, limit);
  const rest = sorted.length - shown.length;
  const selection = useSelection();
  return (
    <>
      {found.is_truncated && (
        <Text size="sm" role="status">
          {t("truncated", { count: found.alerts.length })}
        </Text>
      )}
      <BulkBar alerts={shown} selection={selection} />
      {isPhone ? (
        <AlertCards alerts={shown} selection={selection} />
      ) : (
        <div className="panel alert-list">
          <AlertTable
            alerts={shown}
            selection={selection}
            sort={sort}
            onSort={(next) =>
              void navigate({ search: (before) => ({ ...before, sort: formatSort(next) }), replace: true })
            }
          />
        </div>
      )}
      {rest > 0 && (
        <Button variant="default" onClick={() => setLimit(limit + PAGE_ROWS)}>
          {t("more", { count: Math.min(rest, PAGE_ROWS) })}
        </Button>
      )}
      {!isPhone && (
        <Text size="sm" c="dimmed">
          {t("keys")}
        </Text>
      )}
    </>
  );
}
