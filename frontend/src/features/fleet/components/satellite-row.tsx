import { memo } from "react";

import type { Schemas } from "@/api/client";
import { SatelliteLink } from "@/components/satellite-link";
import { StatusSymbol } from "@/components/status/status-symbol";
import { AlertCount } from "@/features/fleet/components/alert-count";
import { LastContact } from "@/features/fleet/components/last-contact";
import { SubsystemCell } from "@/features/fleet/components/subsystem-cell";

/** One satellite in the table; `position` is its place among all, as a long table holds only the rows in sight. */
export const SatelliteRow = memo(function SatelliteRow({
  satellite,
  columns,
  today,
  position,
}: {
  satellite: Schemas["SatelliteState"];
  columns: readonly string[];
  today: string;
  position: number;
}) {
  const subsystems = new Map(satellite.subsystems.map((subsystem) => [subsystem.subsystem, subsystem]));
  return (
    <tr aria-rowindex={position + 2} data-status={satellite.state}>
      <th scope="row">
        <SatelliteLink satelliteId={satellite.satellite_id} className="fleet-name">
          <StatusSymbol status={satellite.state} />
          {satellite.satellite_id}
        </SatelliteLink>
      </th>
      {columns.map((name) => (
        <td key={name}>
          <SubsystemCell
            satelliteId={satellite.satellite_id}
            subsystem={subsystems.get(name)}
            today={today}
          />
        </td>
      ))}
      <td>
        <LastContact satellite={satellite} today={today} />
      </td>
      <td>
        <AlertCount satellite={satellite} />
      </td>
    </tr>
  );
});
