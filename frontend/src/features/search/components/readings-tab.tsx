import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { DataTable, type Column } from "@/components/table/data-table";
import { SatelliteLink } from "@/components/satellite-link";
import { SubsystemName } from "@/components/verdicts/verdict-text";
import { useReadingSearch } from "@/features/search/api/search-readings";
import { Found } from "@/features/search/components/found";
import { SearchFields } from "@/features/search/components/search-fields";
import type { SearchState } from "@/features/search/search";
import { formatValue } from "@/lib/numbers";
import { formatUtc } from "@/lib/time";

type Reading = Schemas["Reading"];

/** Values that verdicts were made on, by channel, subsystem, satellite and time. */
export function ReadingsTab({ search }: { search: SearchState }) {
  const { t } = useTranslation("search");
  const columns = useMemo<Column<Reading>[]>(
    () => [
      {
        id: "time",
        header: t("columns.time"),
        cell: ({ row }) => (
          <time className="numeric">{formatUtc(row.original.timestamp, { milliseconds: true })}</time>
        ),
      },
      {
        id: "satellite",
        header: t("columns.satellite"),
        cell: ({ row: { original } }) => (
          <SatelliteLink satelliteId={original.location} subsystem={original.sensor_type} />
        ),
      },
      {
        id: "subsystem",
        header: t("columns.subsystem"),
        cell: ({ row }) => <SubsystemName name={row.original.sensor_type} />,
      },
      { id: "channel", header: t("columns.channel"), cell: ({ row }) => row.original.sensor_id },
      { id: "value", header: t("columns.value"), cell: ({ row }) => formatValue(row.original.value) },
    ],
    [t],
  );
  return (
    <>
      <SearchFields fields={["satellite", "subsystem", "channel"]} />
      <Found query={useReadingSearch(search)} isEmpty={({ results }) => results.length === 0}>
        {({ results }) => (
          <DataTable
            columns={columns}
            rows={results}
            rowKey={(reading) =>
              `${reading.location} ${reading.sensor_id} ${reading.timestamp} ${reading.sensor_type}`
            }
            caption={t("tabs.readings")}
          />
        )}
      </Found>
    </>
  );
}
