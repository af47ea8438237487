import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { StatusText } from "@/components/status/status-text";
import { ListPanel, type Cells } from "@/features/shift/components/facts-table";
import { formatValue } from "@/lib/numbers";
import { formatDuration } from "@/lib/time";

type Indicator = Schemas["Indicator"];

/** What the alarms asked of one operator, each beside what is acceptable. */
export function Indicators({ indicators }: { indicators: Indicator[] }) {
  const { t } = useTranslation("shift");
  const cells: Cells<Indicator> = [
    [t("indicator.name"), ({ name }) => t(`indicator.${name}`)],
    [t("indicator.value"), ({ name, value }) => format(name, value)],
    [t("indicator.target"), ({ name, target }) => format(name, target)],
    [t("indicator.judgement"), ({ is_met }) => <Met isMet={is_met} />],
  ];
  return <ListPanel title={t("indicator.title")} rows={indicators} cells={cells} nothing={t("none")} />;
}

function Met({ isMet }: { isMet: boolean | null }) {
  const { t } = useTranslation("shift");
  if (isMet === null) return <span className="dimmed">–</span>;
  return (
    <StatusText
      status={isMet ? "normal" : "caution"}
      text={t(isMet ? "indicator.met" : "indicator.missed")}
    />
  );
}

/** A number in the unit that the indicator's name ends with. */
export function format(name: Indicator["name"], value: number | null): string {
  if (value === null) return "–";
  if (name.endsWith("_share")) return `${Number((value * 100).toFixed(1))} %`;
  if (name.endsWith("_s")) return formatDuration(value * 1000);
  return formatValue(Number(value.toFixed(2)));
}
