import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { StatusSymbol, STATUSES, type Status } from "@/components/status/status-symbol";
import { toggled } from "@/lib/address/address";

/** How many satellites are in each state; a state is also a filter, and several may be chosen. */
export function SummaryBar({
  counts,
  chosen,
}: {
  counts: Schemas["StateCounts"];
  chosen: readonly Status[];
}) {
  const { t } = useTranslation(["fleet", "shared"]);
  return (
    <nav className="fleet-summary" aria-label={t("states")}>
      {STATUSES.map((status) => (
        <Link
          key={status}
          to="/"
          search={(before) => ({ ...before, state: toggled(chosen, status) })}
          className="fleet-count"
          aria-current={chosen.includes(status) ? "true" : undefined}
          data-zero={counts[status] === 0 || undefined}
          replace
        >
          <StatusSymbol status={status} size={20} />
          <span className="fleet-figure numeric">{counts[status]}</span>
          <span>{t(`shared:status.${status}`)}</span>
        </Link>
      ))}
    </nav>
  );
}
