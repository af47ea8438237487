import { useSyncExternalStore, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { formatUtc } from "@/lib/time";

import type { ChartGroup } from "@/features/satellite/drawing/chart-group";

const STEPS: Partial<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageDown: -30,
  PageUp: 30,
  Home: -Infinity,
  End: Infinity,
};

/** The one time at which all charts are read, for pointer and keyboard. */
export function TimeCursor({ group }: { group: ChartGroup }) {
  const { t } = useTranslation("satellite");
  const time = useSyncExternalStore(group.onCursor, () => group.cursorTime);
  const text = time === null ? t("cursorNowhere") : `${formatUtc(time * 1000, { milliseconds: true })} UTC`;
  const move = (event: KeyboardEvent) => {
    const rows = STEPS[event.key];
    if (event.key === "Escape") group.clearCursor();
    else if (rows === undefined) return;
    else group.stepCursor(event.shiftKey ? rows * 10 : rows);
    event.preventDefault();
  };
  return (
    <div
      className="satellite-cursor"
      role="slider"
      tabIndex={0}
      aria-label={t("cursor")}
      aria-valuemin={Math.round(group.axis.start)}
      aria-valuemax={Math.round(group.axis.end)}
      aria-valuenow={Math.round(time ?? group.axis.end)}
      aria-valuetext={text}
      onKeyDown={move}
    >
      <span>
        {t("cursor")}: <strong className="numeric">{text}</strong>
      </span>
      {time === null && <span className="dimmed">{t("cursorHint")}</span>}
    </div>
  );
}
