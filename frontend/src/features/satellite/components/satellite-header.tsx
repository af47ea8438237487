import { Anchor, Group, NativeSelect } from "@mantine/core";
import { Link, getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useMissionOf } from "@/api/get-mission";
import { ContactPlanText } from "@/components/contact-plan-text";
import { StatusText } from "@/components/status/status-text";
import { UtcTime } from "@/components/utc-time";
import { useRefreshOn, useServerNow } from "@/lib/live/live-context";
import { formatDuration, formatUtc } from "@/lib/time";

import { newestSampleKey, useNewestSample } from "@/features/satellite/api/get-newest-sample";
import { useSatelliteState } from "@/features/satellite/api/get-state";
import { useSatellites } from "@/features/satellite/api/list-satellites";
import { isoOf } from "@/features/satellite/data/time-span";

const route = getRouteApi("/satellites/$satelliteId");
const REFRESH_MS = 2_000;

/** The satellite's state and open alerts, how old its newest sample is, and the way to others. */
export function SatelliteHeader({ satelliteId }: { satelliteId: string }) {
  const { t } = useTranslation("satellite");
  return (
    <Group gap="md" className="satellite-header">
      <State satelliteId={satelliteId} />
      <LimitSet satelliteId={satelliteId} />
      <Freshness satelliteId={satelliteId} />
      <SatelliteSwitch satelliteId={satelliteId} />
      <Anchor component={Link} to="/" size="sm" className="satellite-back">
        {t("back")}
      </Anchor>
    </Group>
  );
}

/** The state that Fleet shows, with the alerts behind it. */
function State({ satelliteId }: { satelliteId: string }) {
  const { t } = useTranslation("satellite");
  const { data } = useSatelliteState(satelliteId);
  if (!data) return null;
  return (
    <span className="satellite-state">
      <StatusText status={data.state} />
      {data.open_alerts > 0 && (
        <Link to="/alerts" search={{ satellite: satelliteId }} preload={false}>
          {t("openAlerts", { count: data.open_alerts })}
        </Link>
      )}
    </span>
  );
}

/** Which limit set the satellite uses, where it is not the default; Limits switches it. */
function LimitSet({ satelliteId }: { satelliteId: string }) {
  const { t } = useTranslation("satellite");
  const limitSet = useMissionOf(satelliteId).data?.limit_set ?? "default";
  if (limitSet === "default") return null;
  return (
    <Link to="/limits" preload={false}>
      {t("limitSet", { name: limitSet })}
    </Link>
  );
}

/** Stale is what Fleet calls so: it knows the satellite's own interval. */
function Freshness({ satelliteId }: { satelliteId: string }) {
  const { t } = useTranslation("satellite");
  const now = useServerNow();
  const newest = useNewestSample(satelliteId, () => Date.now() / 1000);
  const { data: state } = useSatelliteState(satelliteId);
  useRefreshOn("tick", newestSampleKey(satelliteId), REFRESH_MS);
  if (newest.data === undefined) return null;
  if (newest.data === null) return <StatusText status="off" text={t("never")} />;
  const ageMs = Math.max(0, now - newest.data * 1000);
  return (
    <span className="satellite-freshness">
      {state?.is_stale === true && <StatusText status="off" text={t("stale")} />}
      {state?.is_stale === false && isExpected(state) && <span>{t("fresh")}</span>}
      {state?.contact_plan && (
        <ContactPlanText plan={state.contact_plan} today={formatUtc(now).slice(0, 10)} />
      )}
      <span>
        <span className="dimmed">{t("newest")} </span>
        <UtcTime time={isoOf(newest.data)} />
        <span className="numeric"> · {t("age", { age: formatDuration(ageMs) })}</span>
      </span>
    </span>
  );
}

/** Between the passes of a contact plan nothing is to be fresh. */
const isExpected = ({ contact_plan: plan }: Schemas["SatelliteState"]) =>
  !plan?.is_covered || plan.running !== null;

function SatelliteSwitch({ satelliteId }: { satelliteId: string }) {
  const { t } = useTranslation("satellite");
  const { data: satellites = [] } = useSatellites();
  const navigate = route.useNavigate();
  const names = satellites.includes(satelliteId) ? satellites : [satelliteId, ...satellites];
  return (
    <NativeSelect
      size="xs"
      aria-label={t("switch")}
      data={names}
      value={satelliteId}
      onChange={(event) =>
        void navigate({
          params: { satelliteId: event.currentTarget.value },
          search: ({ channels, from, to, range, subsystem }) => ({ channels, from, to, range, subsystem }),
        })
      }
    />
  );
}
