import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";

import { missionQuery, useMission, type Mission } from "@/api/get-mission";
import { Board } from "@/features/satellite/components/board";
import { ChartSkeleton } from "@/features/satellite/components/chart-skeleton";
import { Learning } from "@/features/satellite/components/learning";
import { PassedOver } from "@/features/satellite/components/passed-over";
import { Retirement } from "@/features/satellite/components/retirement/retirement";
import { SatelliteHeader } from "@/features/satellite/components/satellite-header";
import { SpanControls } from "@/features/satellite/components/span-controls";
import { SubsystemControls } from "@/features/satellite/components/subsystem-controls";
import { spanOf } from "@/features/satellite/data/time-span";
import { choose } from "@/features/satellite/drawing/chart-spec";
import { useRefreshOn } from "@/lib/live/live-context";
import "@/features/satellite/satellite.css";

/** As often as the services look: a limit that somebody changes elsewhere is drawn soon after it is in force. */
const LIMITS_MS = 2000;

const route = getRouteApi("/satellites/$satelliteId");

/** Telemetry of one satellite beside what the models expected, on one time axis. */
export function SatelliteView() {
  const { t } = useTranslation("satellite");
  const { satelliteId } = route.useParams();
  const mission = useMission();
  useRefreshOn("tick", missionQuery.queryKey, LIMITS_MS);
  return (
    <Page
      title={t("title", { satellite: satelliteId })}
      controls={<SatelliteHeader satelliteId={satelliteId} />}
    >
      <QueryView query={mission} loading={<ChartSkeleton />}>
        {(data) => <Telemetry mission={data} satelliteId={satelliteId} />}
      </QueryView>
      <Learning satelliteId={satelliteId} />
      <PassedOver satelliteId={satelliteId} />
      <Retirement key={satelliteId} satelliteId={satelliteId} />
    </Page>
  );
}

function Telemetry({ mission, satelliteId }: { mission: Mission; satelliteId: string }) {
  const { subsystem, channels, range, from, to, passes } = route.useSearch();
  const choice = useMemo(() => choose(mission, { subsystem, channels }), [mission, subsystem, channels]);
  const span = useMemo(() => spanOf({ range, from, to }), [range, from, to]);
  return (
    <>
      <div className="satellite-controls">
        <SubsystemControls mission={mission} choice={choice} />
        <SpanControls span={span} />
      </div>
      <Board
        key={`${satelliteId} ${choice.subsystem ?? ""} ${choice.channels?.join() ?? ""}`}
        mission={mission}
        satelliteId={satelliteId}
        choice={choice}
        span={span}
        hasPasses={passes !== "hidden"}
      />
    </>
  );
}
