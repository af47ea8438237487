import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { SEVERITIES } from "@/lib/severities";

export type LimitField = keyof Schemas["LimitValues"];
type Value = Schemas["ChangeStep"]["old"][string] | undefined;

/** What of a limit can be changed, in the order of the form. */
export const LIMIT_FIELDS = [
  "below",
  "above",
  "equals",
  "inclusive",
  "severity",
  "dead_band",
  "min_violations",
  "min_duration_s",
  "hold_s",
  "min_clear",
  "latching",
] as const satisfies readonly LimitField[];

function useValueText(): (value: Value) => string {
  const { t } = useTranslation("shared");
  return (value) => {
    if (typeof value === "boolean") return t(value ? "limit.yes" : "limit.no");
    const severity = SEVERITIES.find((name) => name === value);
    return severity ? t(`severity.${severity}`) : String(value ?? t("limit.none"));
  };
}

/** Returns what tells some values of a limit, as in `Below 20, Severity Severe`. */
export function useFieldsText(): (fields: Schemas["SetRule"]["fields"]) => string {
  const { t } = useTranslation("shared");
  const valueText = useValueText();
  return (fields) =>
    LIMIT_FIELDS.filter((field) => field in fields)
      .map((field) => `${t(`limit.fields.${field}`)} ${valueText(fields[field])}`)
      .join(", ");
}

/** Returns what says which values of a limit a change replaced, as in `Below 30 → 25, Severity Critical → Severe`. */
export function useStepText(): (step: Pick<Schemas["ChangeStep"], "old" | "new">) => string {
  const { t } = useTranslation("shared");
  const valueText = useValueText();
  return (step) =>
    LIMIT_FIELDS.filter((field) => field in step.new)
      .map(
        (field) =>
          `${t(`limit.fields.${field}`)} ${valueText(step.old[field])} → ${valueText(step.new[field])}`,
      )
      .join(", ");
}
