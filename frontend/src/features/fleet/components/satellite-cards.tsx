import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { SatelliteLink } from "@/components/satellite-link";
import { StatusText } from "@/components/status/status-text";
import { useSubsystemName } from "@/components/subsystem-name";
import { noteOf, worstSubsystem } from "@/features/fleet/cells";
import { AlertCount } from "@/features/fleet/components/alert-count";
import { LastContact } from "@/features/fleet/components/last-contact";
import { useNoteText } from "@/features/fleet/components/subsystem-cell";

type Satellite = Schemas["SatelliteState"];

/** Height of a card with the gap below it. */
const CARD_PX = 124;

/** The fleet on a phone: a card for each satellite; only those in sight are in the page. */
export function SatelliteCards({ satellites, today }: { satellites: Satellite[]; today: string }) {
  const { t } = useTranslation("fleet");
  const list = useRef<HTMLUListElement>(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => setScrollMargin(list.current?.offsetTop ?? 0), []);
  const virtualizer = useWindowVirtualizer({
    count: satellites.length,
    estimateSize: () => CARD_PX,
    overscan: 6,
    scrollMargin,
  });
  return (
    <ul
      ref={list}
      className="fleet-cards"
      aria-label={t("table")}
      style={{ height: virtualizer.getTotalSize() }}
    >
      {virtualizer.getVirtualItems().map(({ index, start }) => {
        const satellite = satellites[index];
        return (
          satellite && (
            <li
              key={satellite.satellite_id}
              style={{ transform: `translateY(${start - scrollMargin}px)` }}
              aria-setsize={satellites.length}
              aria-posinset={index + 1}
            >
              <SatelliteCard satellite={satellite} today={today} />
            </li>
          )
        );
      })}
    </ul>
  );
}

const SatelliteCard = memo(function SatelliteCard({
  satellite,
  today,
}: {
  satellite: Satellite;
  today: string;
}) {
  const { t } = useTranslation("fleet");
  const subsystemName = useSubsystemName();
  const noteText = useNoteText(today);
  const worst = worstSubsystem(satellite);
  return (
    <article className="fleet-card panel" data-status={satellite.state}>
      <div className="fleet-card-line">
        <SatelliteLink satelliteId={satellite.satellite_id} className="fleet-name">
          {satellite.satellite_id}
        </SatelliteLink>
        <StatusText status={satellite.state} />
      </div>
      <div className="fleet-card-note">
        {worst && (
          <SatelliteLink satelliteId={satellite.satellite_id} subsystem={worst.subsystem}>
            {t("worst", { subsystem: subsystemName(worst.subsystem) })} · {noteText(noteOf(worst))}
          </SatelliteLink>
        )}
      </div>
      <div className="fleet-card-line">
        <LastContact satellite={satellite} today={today} />
        <AlertCount satellite={satellite} />
      </div>
    </article>
  );
});
