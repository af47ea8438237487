import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useLearningText } from "@/components/verdicts/learning-text";
import { SatelliteLink } from "@/components/satellite-link";
import { StatusText } from "@/components/status/status-text";
import { formatSince, noteOf, type Note } from "@/features/fleet/cells";
import { formatScore, formatValue } from "@/lib/numbers";

/** Returns what puts a cell's note into words. */
export function useNoteText(today: string): (note: Note) => string {
  const { t } = useTranslation("fleet");
  const learningText = useLearningText();
  return (note) => {
    switch (note.key) {
      case "silent":
        return t("note.silent", { time: `${formatSince(note.since, today)} UTC` });
      case "score":
        return t("note.score", { score: formatScore(note.score) });
      case "anomaly":
      case "acknowledged": {
        const score = note.score === null ? [] : [t("note.score", { score: formatScore(note.score) })];
        return [t(`note.${note.key}`), ...score].join(", ");
      }
      case "learning":
        return learningText(note.progress);
      case "rare":
      case "tooRare": {
        const { interval_s: interval, needed, max_span_s: span, enough_span_s: enough } = note.rare;
        const [every, within, to] = [interval, span, enough].map(formatValue);
        return t(`note.${note.key}`, { every, needed, within, to });
      }
      default:
        return t(`note.${note.key}`);
    }
  };
}

/** State of one subsystem in a symbol and a word, below it why; leads to its telemetry. */
export function SubsystemCell({
  satelliteId,
  subsystem,
  today,
}: {
  satelliteId: string;
  subsystem: Schemas["SubsystemState"] | undefined;
  today: string;
}) {
  const { t } = useTranslation("fleet");
  const noteText = useNoteText(today);
  if (!subsystem) return <span className="dimmed">{t("notReported")}</span>;
  return (
    <SatelliteLink
      satelliteId={satelliteId}
      subsystem={subsystem.subsystem}
      className={subsystem.is_stale ? "fleet-cell fleet-stale" : "fleet-cell"}
    >
      <StatusText status={subsystem.state} />
      <span className="fleet-note numeric">{noteText(noteOf(subsystem))}</span>
    </SatelliteLink>
  );
}
