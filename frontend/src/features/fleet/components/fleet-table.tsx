import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useSubsystemName } from "@/components/subsystem-name";
import { SatelliteRow } from "@/features/fleet/components/satellite-row";

/** Rows above which only those in sight are in the page. */
const VIRTUAL_ABOVE = 200;
const ROW_PX = 49;

/** Satellites by subsystems; its heading stays in sight while the rows scroll. */
export function FleetTable({
  satellites,
  columns,
  today,
}: {
  satellites: Schemas["SatelliteState"][];
  columns: readonly string[];
  today: string;
}) {
  const { t } = useTranslation("fleet");
  const subsystemName = useSubsystemName();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRowsInSight(satellites.length, () => scroller.current);
  return (
    <div ref={scroller} className="fleet-scroller">
      <table
        className="fleet-table"
        aria-label={t("table")}
        aria-rowcount={satellites.length + 1}
        aria-colcount={columns.length + 3}
      >
        <thead>
          <tr>
            <th scope="col">{t("columns.satellite")}</th>
            {columns.map((name) => (
              <th key={name} scope="col">
                {subsystemName(name)}
              </th>
            ))}
            <th scope="col">{t("columns.contact")}</th>
            <th scope="col">{t("columns.alerts")}</th>
          </tr>
        </thead>
        <tbody>
          <Spacer height={rows.before} />
          {satellites.slice(rows.start, rows.end).map((satellite, index) => (
            <SatelliteRow
              key={satellite.satellite_id}
              satellite={satellite}
              columns={columns}
              today={today}
              position={rows.start + index}
            />
          ))}
          <Spacer height={rows.after} />
        </tbody>
      </table>
    </div>
  );
}

function Spacer({ height }: { height: number }) {
  return height > 0 ? <tr aria-hidden style={{ height }} /> : null;
}

function useRowsInSight(count: number, getScrollElement: () => HTMLDivElement | null) {
  const isVirtual = count > VIRTUAL_ABOVE;
  const virtualizer = useVirtualizer({
    count,
    getScrollElement,
    estimateSize: () => ROW_PX,
    overscan: 8,
    enabled: isVirtual,
  });
  if (!isVirtual) return { start: 0, end: count, before: 0, after: 0 };
  const items = virtualizer.getVirtualItems();
  const start = items[0]?.index ?? 0;
  const end = (items.at(-1)?.index ?? -1) + 1;
  return { start, end, before: start * ROW_PX, after: (count - end) * ROW_PX };
}
