import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { formatDuration } from "@/lib/time";

const REASONS = ["not_stored", "left_out", "not_settled", "check_failed", "not_fitted"] as const;

const isKnown = (reason: string): reason is (typeof REASONS)[number] =>
  REASONS.some((known) => known === reason);

/** Returns what puts into words what a subsystem that learns still lacks, as precisely as the platform knows. */
export function useLearningText(): (progress: Schemas["LearningProgress"] | null) => string {
  const { t } = useTranslation("shared");
  return (progress) => {
    if (progress === null) return t("learning.unknown");
    const { samples, needed, remaining_s: remaining, reason } = progress;
    if (reason !== "too_few_samples") return t(`learning.${isKnown(reason) ? reason : "unknown"}`);
    const counts = t("learning.samples", { samples, needed });
    if (remaining === null) return counts;
    return `${counts}, ${t("learning.remaining", { time: formatDuration(remaining * 1000) })}`;
  };
}
