import "@/features/alerts/alerts.css";
import "@/features/alerts/components/bulk/bulk.css";
import "@/features/alerts/components/list/list.css";

import { Group, Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { Page, Panel } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { Empty, Loading } from "@/components/states";
import { StatusText } from "@/components/status/status-text";
import { AnomaliesBehind, isBehind } from "@/components/verdicts/anomalies-behind";
import { AnnounceMenu } from "@/features/alerts/announce/announce-menu";
import { isByUrgency, useAlarmNews, useAlarms } from "@/features/alerts/api/list-alarms";
import { AlarmFilters } from "@/features/alerts/components/list/alarm-filters";
import { AlarmList } from "@/features/alerts/components/list/alarm-list";
import { statusOf, waitingOf } from "@/features/alerts/states";

const route = getRouteApi("/alerts");

/** What calls a person, the most urgent first; satellites that nobody heard for a day stand apart. */
export function AlertsView() {
  const { t } = useTranslation("alerts");
  const { cursor, apart, ...search } = route.useSearch();
  const isApart = isByUrgency(search) && search.satellite === undefined;
  useAlarmNews();
  const alarms = useAlarms(search, isApart || undefined, cursor);
  return (
    <Page title={t("title")} controls={<Controls found={alarms.data} />}>
      <AlarmFilters />
      <QueryView query={alarms} loading={<Loading rows={10} />}>
        {(data) => (
          <>
            <AnomaliesBehind seconds={data.anomalies_behind_s} />
            {data.alarms.length === 0 && cursor === undefined ? (
              <Empty title={t("empty.title")}>{t("empty.text")}</Empty>
            ) : (
              <AlarmList found={data} caption={t("table")} place="cursor" />
            )}
          </>
        )}
      </QueryView>
      {isApart && <Silent search={search} cursor={apart} />}
      <Text size="sm" c="dimmed" visibleFrom="sm">
        {t("keys")}
      </Text>
    </Page>
  );
}

/** Alarms of satellites that may be retired: their limits stay broken until somebody hears them again. */
function Silent({ search, cursor }: { search: Parameters<typeof useAlarms>[0]; cursor: string | undefined }) {
  const { t } = useTranslation("alerts");
  const { data } = useAlarms(search, false, cursor);
  if (!data || (data.alarms.length === 0 && cursor === undefined)) return null;
  return (
    <Panel title={t("silent")}>
      <AlarmList found={data} caption={t("silent")} place="apart" />
    </Panel>
  );
}

function Controls({ found }: { found: Schemas["Alarms"] | undefined }) {
  return (
    <Group gap="sm">
      {found && <Waiting found={found} />}
      <AnnounceMenu />
    </Group>
  );
}

function Waiting({ found }: { found: Schemas["Alarms"] }) {
  const { t } = useTranslation("alerts");
  const { number, worst } = waitingOf(found.attention);
  if (number === null)
    return isBehind(found.anomalies_behind_s) ? null : (
      <StatusText status="normal" text={t("nothingWaits")} />
    );
  return (
    <strong className="numeric" role="status">
      <StatusText status={worst === null ? "caution" : statusOf(worst)} text={t("waiting", { number })} />
    </strong>
  );
}
