import "@/features/fleet/fleet.css";

import { Button, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { getRouteApi } from "@tanstack/react-router";
import { useDeferredValue, useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useMission } from "@/api/get-mission";
import { AnomaliesBehind } from "@/components/verdicts/anomalies-behind";
import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { Empty } from "@/components/states";
import { STATUSES } from "@/components/status/status-symbol";
import { useFleet } from "@/features/fleet/api/get-fleet";
import { chosenSatellites, subsystemColumns } from "@/features/fleet/cells";
import { FleetLoading } from "@/features/fleet/components/fleet-loading";
import { FleetTable } from "@/features/fleet/components/fleet-table";
import { FreshInstall } from "@/features/fleet/components/fresh-install";
import { RetiredFilter } from "@/features/fleet/components/retired-filter";
import { SatelliteCards } from "@/features/fleet/components/satellite-cards";
import { SummaryBar } from "@/features/fleet/components/summary-bar";
import { listOf } from "@/lib/address/address";
import { useAddressText } from "@/lib/address/address-text";

const route = getRouteApi("/");

/** All satellites at one look, the worst first. */
export function FleetView() {
  const { t } = useTranslation("fleet");
  const navigate = route.useNavigate();
  const { satellite, retired } = route.useSearch();
  const [part, setPart] = useAddressText(
    satellite ?? "",
    (next) =>
      void navigate({ search: (before) => ({ ...before, satellite: next || undefined }), replace: true }),
  );
  const fleet = useFleet(retired === "only");
  const searchBox = (
    <TextInput
      type="search"
      size="sm"
      aria-label={t("search")}
      placeholder={t("searchHint")}
      value={part}
      onChange={(event) => setPart(event.currentTarget.value)}
    />
  );
  return (
    <Page
      title={retired ? t("titleRetired") : t("title")}
      controls={fleet.data?.satellites.length ? searchBox : undefined}
    >
      <QueryView query={fleet} loading={<FleetLoading />}>
        {(data) =>
          data.satellites.length + data.retired_count === 0 ? (
            <FreshInstall />
          ) : (
            <Satellites fleet={data} part={part} onClear={() => setPart("")} />
          )
        }
      </QueryView>
    </Page>
  );
}

function Satellites({
  fleet,
  part,
  onClear,
}: {
  fleet: Schemas["Fleet"];
  part: string;
  onClear: () => void;
}) {
  const { t } = useTranslation("fleet");
  const isPhone = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const navigate = route.useNavigate();
  const { state, retired } = route.useSearch();
  const states = listOf(state, STATUSES);
  const mission = useMission();
  const columns = useMemo(
    () => subsystemColumns(mission.data?.subsystems.map(({ name }) => name) ?? [], fleet.satellites),
    [mission.data, fleet.satellites],
  );
  const shown = chosenSatellites(fleet.satellites, states, useDeferredValue(part));
  const today = fleet.generated_at.slice(0, 10);
  const counts = { shown: shown.length, all: fleet.satellites.length };
  const clear = () => {
    onClear();
    void navigate({ search: { retired } });
  };
  return (
    <>
      <AnomaliesBehind seconds={fleet.anomalies_behind_s} />
      <div className="fleet-bar">
        <SummaryBar counts={fleet.counts} chosen={states} />
        <span className="dimmed numeric" role="status">
          {t("shown", counts)}
        </span>
        <RetiredFilter count={fleet.retired_count} isChosen={retired !== undefined} />
      </div>
      {shown.length === 0 ? (
        <Empty title={t("none.title")}>
          {t("none.text", counts)}{" "}
          <Button size="compact-sm" variant="default" onClick={clear}>
            {t("none.clear")}
          </Button>
        </Empty>
      ) : isPhone ? (
        <SatelliteCards satellites={shown} today={today} />
      ) : (
        <FleetTable satellites={shown} columns={columns} today={today} />
      )}
    </>
  );
}
