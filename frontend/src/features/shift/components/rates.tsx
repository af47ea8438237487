import { useTranslation } from "react-i18next";

import { Panel } from "@/components/page";
import { UtcTime } from "@/components/utc-time";
import type { Performance } from "@/features/shift/api/shift";

const HEIGHT = 100;

/** How many alarms were raised in each interval, as steps, and the line above which it is a flood. */
export function Rates({ performance }: { performance: Performance }) {
  const { t } = useTranslation("shift");
  const counts = performance.per_interval;
  const flood = floodOf(performance);
  const most = Math.max(...counts);
  const top = Math.max(most, flood) * 1.1;
  const y = (count: number) => HEIGHT * (1 - count / top);
  return (
    <Panel title={t("rates.title")}>
      <svg
        className="shift-rates"
        viewBox={`0 0 ${counts.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("rates.label", { most, flood })}
      >
        <path className="shift-steps" d={stepsOf(counts.map(y), HEIGHT)} />
        <line className="shift-flood" x1="0" x2={counts.length} y1={y(flood)} y2={y(flood)} />
      </svg>
      <div className="shift-ends">
        <UtcTime time={performance.start_time} />
        <span className="dimmed">{t("rates.legend", { most, flood })}</span>
        <UtcTime time={performance.end_time} />
      </div>
    </Panel>
  );
}

/** Alarms within an interval above which it is a flood for those who share them. */
export function floodOf({ indicators, operators }: Performance): number {
  return (indicators.find(({ name }) => name === "peak_per_interval")?.target ?? 0) * operators;
}

/** A filled outline of steps, each one unit wide, from the base and back to it. */
export function stepsOf(heights: readonly number[], base: number): string {
  const steps = heights.map((height) => `V${height}h1`).join("");
  return `M0 ${base}${steps}V${base}Z`;
}
