import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { StatusSymbol } from "@/components/status/status-symbol";
import { formatUtc, formatUtcClock } from "@/lib/time";

type ContactPlan = Schemas["ContactPlan"];

/** What a contact plan says of now, and of which time: the pass that runs, the next one, that it is over, or missed. */
export function contactOf({ is_covered, has_run_out, covered_until: until, running, next }: ContactPlan) {
  if (running) return { key: "running", time: running.end_time, station: running.ground_station } as const;
  if (next) return { key: "next", time: next.start_time, station: next.ground_station } as const;
  const key = has_run_out ? "ranOut" : is_covered ? "none" : "ended";
  return { key, time: until, station: null } as const;
}

/** The same in words; the clock alone on the UTC day (`2026-11-25`) of the reader. */
export function ContactPlanText({ plan, today }: { plan: ContactPlan; today: string }) {
  const { t } = useTranslation("shared");
  const { key, time, station } = contactOf(plan);
  const isToday = formatUtc(time).startsWith(today);
  const shown = `${isToday ? formatUtcClock(time) : formatUtc(time)} UTC`;
  return (
    <span className="numeric contact-plan" title={station ?? undefined}>
      {key === "ranOut" && <StatusSymbol status="caution" size={12} />}{" "}
      {t(`contactPlan.${key}`, { time: shown })}
    </span>
  );
}
