import { Checkbox, NativeSelect, NumberInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Limit, LimitValues } from "@/features/limits/api/limits";
import { SEVERITIES } from "@/lib/severities";

const BOUNDS = ["below", "above", "equals"] as const;
const NUMBERS = ["dead_band", "min_violations", "min_duration_s", "hold_s", "min_clear"] as const;
const FLAGS = ["inclusive", "latching"] as const;
const WHOLE = new Set<string>(["min_violations", "min_clear"]);

/** All of a limit that can be changed; an empty bound is none. */
export function ValueFields({
  limit: { kind, unit },
  values,
  onChange,
}: {
  limit: Limit;
  values: LimitValues;
  onChange: (values: LimitValues) => void;
}) {
  const { t } = useTranslation("limits");
  const label = (field: keyof LimitValues, of = "") =>
    of
      ? `${t(`limit.fields.${field}`, { ns: "shared" })} (${of})`
      : t(`limit.fields.${field}`, { ns: "shared" });
  return (
    <div className="limit-fields">
      {(kind === "limit" ? BOUNDS : []).map((field) => (
        <NumberInput
          key={field}
          size="xs"
          label={label(field, unit)}
          placeholder={t("change.noBound")}
          value={values[field] ?? ""}
          onChange={(value) => onChange({ ...values, [field]: value === "" ? null : Number(value) })}
        />
      ))}
      <NativeSelect
        size="xs"
        label={label("severity")}
        value={values.severity}
        onChange={({ currentTarget }) =>
          onChange({ ...values, severity: currentTarget.value as LimitValues["severity"] })
        }
        data={SEVERITIES.map((value) => ({ value, label: t(`severity.${value}`, { ns: "shared" }) }))}
      />
      {NUMBERS.map((field) => (
        <NumberInput
          key={field}
          size="xs"
          label={label(field, field === "dead_band" ? unit : "")}
          min={WHOLE.has(field) ? 1 : 0}
          allowDecimal={!WHOLE.has(field)}
          value={values[field]}
          onChange={(value) => onChange({ ...values, [field]: Number(value) })}
        />
      ))}
      {FLAGS.map((field) => (
        <Checkbox
          key={field}
          size="xs"
          label={label(field)}
          checked={values[field]}
          onChange={({ currentTarget }) => onChange({ ...values, [field]: currentTarget.checked })}
        />
      ))}
    </div>
  );
}
