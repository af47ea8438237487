import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** A number with its unit; without one a dash and "unknown", in tables for readers only. */
export function Value({ value, unit }: { value: string | null; unit?: string }) {
  const { t } = useTranslation("pipeline");
  if (value === null)
    return (
      <span className="dimmed" title={t("unknown")}>
        <span aria-hidden>– </span>
        <span className="pipeline-unknown">{t("unknown")}</span>
      </span>
    );
  return (
    <>
      <span className="numeric">{value}</span>
      {unit && <span className="pipeline-unit"> {unit}</span>}
    </>
  );
}

/** A number under its name, with the manual's threshold beside it. */
export function Figure({ label, rule, children }: { label: string; rule?: string; children: ReactNode }) {
  return (
    <div className="pipeline-figure">
      <dt>{label}</dt>
      <dd>
        {children}
        {rule && <span className="pipeline-rule">{rule}</span>}
      </dd>
    </div>
  );
}
