import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { SatelliteLink } from "@/components/satellite-link";
import { StatusText } from "@/components/status-text";
import { formatSince, noteOf, type Note } from "@/features/fleet/cells";
import { formatScore } from "@/lib/numbers";
import { formatDuration } from "@/lib/time";

/** Returns what puts a cell's note into words. */
export function useNoteText(today: string): (note: Note) => string {
  const { t } = useTranslation("fleet");
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
        return note.progress === null ? t("note.learning") : progressText(t, note.progress);
      default:
        return t(`note.${note.key}`);
    }
  };
}

/** What a subsystem that learns still lacks, as precisely as the platform knows. */
function progressText(t: TFunction<"fleet">, progress: Schemas["LearningProgress"]): string {
  const { samples, needed, remaining_s: remaining, reason } = progress;
  if (reason === "too_few_samples") {
    const counts = t("learning.samples", { samples, needed });
    if (remaining === null) return counts;
    return `${counts}, ${t("learning.remaining", { time: formatDuration(remaining * 1000) })}`;
  }
  return isKnownReason(reason) ? t(`learning.${reason}`) : t("note.learning");
}

const REASONS = ["not_stored", "left_out", "not_settled", "check_failed", "not_fitted"] as const;

const isKnownReason = (reason: string): reason is (typeof REASONS)[number] =>
  REASONS.some((known) => known === reason);

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
