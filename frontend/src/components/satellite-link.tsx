import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** What the address of the satellite view may say: a subsystem, and a range in ISO 8601 UTC. */
type Place = { subsystem?: string; from?: string; to?: string };

/** Name that the platform gives to jobs of no satellite. */
const NO_SATELLITE = "none";

/** A link to one satellite, or to a subsystem of it at a time. */
export function SatelliteLink({
  satelliteId,
  subsystem,
  from,
  to,
  className = "satellite-link",
  children = satelliteId,
}: Place & { satelliteId: string; className?: string; children?: ReactNode }) {
  if (satelliteId === NO_SATELLITE) return <span className="dimmed">–</span>;
  const search: Place = { subsystem, from, to };
  return (
    <Link
      to="/satellites/$satelliteId"
      params={{ satelliteId }}
      search={search}
      className={className}
      preload={false}
    >
      {children}
    </Link>
  );
}
