import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Author } from "@/components/controls/author";
import { Panel } from "@/components/page";
import { SatelliteLink } from "@/components/satellite-link";
import { UtcTime } from "@/components/utc-time";
import type { Entry } from "@/features/shift/api/shift";

/** The shift log in the order in which it was written; what was corrected is struck through and stays. */
export function LogPanel({
  entries,
  hasMore,
  onCorrect,
}: {
  entries: Entry[];
  hasMore: boolean;
  onCorrect: (entry: Entry) => void;
}) {
  const { t } = useTranslation("shift");
  return (
    <Panel title={t("log.title")}>
      {entries.length === 0 && <p className="dimmed shift-nothing">{t("log.none")}</p>}
      <ol className="shift-log">
        {entries.map((entry) => (
          <li key={entry.id}>
            <UtcTime time={entry.at} />{" "}
            <strong>
              <Author operator={entry.operator} keyName={entry.key_name} />
            </strong>{" "}
            <About entry={entry} />{" "}
            {entry.corrected_by === null ? (
              <Button
                size="compact-xs"
                variant="default"
                className="no-print"
                aria-label={t("log.correctOne", { id: entry.id })}
                onClick={() => onCorrect(entry)}
              >
                {t("log.correct")}
              </Button>
            ) : (
              <span className="dimmed">{t("log.correctedBy", { id: entry.corrected_by })}</span>
            )}
            <p className="shift-text">{entry.corrected_by === null ? entry.text : <del>{entry.text}</del>}</p>
          </li>
        ))}
      </ol>
      {hasMore && <p className="dimmed shift-nothing">{t("more")}</p>}
    </Panel>
  );
}

function About({ entry }: { entry: Entry }) {
  const { t } = useTranslation("shift");
  return (
    <>
      <span className="dimmed numeric">{t("log.number", { id: entry.id })}</span>{" "}
      {entry.corrects !== null && (
        <span className="dimmed">{t("log.corrects", { id: entry.corrects })} </span>
      )}
      {entry.satellite_id !== null && <SatelliteLink satelliteId={entry.satellite_id} />}{" "}
      {entry.alarm_id !== null && (
        <Link
          to="/alerts/$alertId"
          params={{ alertId: entry.alarm_id }}
          preload={false}
          className="shift-link"
        >
          {t("log.alarm")}
        </Link>
      )}
    </>
  );
}
