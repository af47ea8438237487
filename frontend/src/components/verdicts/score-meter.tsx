import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { formatScore, formatValue } from "@/lib/numbers";

/** A score of 0 to 1 against the threshold above which it counts as an anomaly. */
export function ScoreMeter({ score, threshold }: { score: number | null; threshold: number | undefined }) {
  const { t } = useTranslation("shared");
  if (score === null) return <Text size="sm">{t("judgement.noScore")}</Text>;
  const isOver = threshold !== undefined && score > threshold;
  return (
    <div className="score-meter">
      <span className="numeric">
        <strong>{formatScore(score)}</strong>{" "}
        {threshold !== undefined && t("judgement.threshold", { threshold: formatValue(threshold) })}
      </span>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden className="score-bar">
        <rect width="100" height="8" className="score-track" />
        <rect width={score * 100} height="8" className={isOver ? "score-over" : "score-under"} />
        {threshold !== undefined && (
          <rect x={threshold * 100 - 0.4} width="0.8" height="8" className="score-mark" />
        )}
      </svg>
    </div>
  );
}
