import { Anchor } from "@mantine/core";
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
  className,
  children = satelliteId,
}: Place & { satelliteId: string; className?: string; children?: ReactNode }) {
  if (satelliteId === NO_SATELLITE) return <span className="dimmed">–</span>;
  const place: Place = { subsystem, from, to };
  const target = { to: "/satellites/$satelliteId", params: { satelliteId }, search: place } as const;
  if (className)
    return (
      <Link {...target} className={className} preload={false}>
        {children}
      </Link>
    );
  return (
    <Anchor inherit renderRoot={(props) => <Link {...target} preload={false} {...props} />}>
      {children}
    </Anchor>
  );
}
