import { useTranslation } from "react-i18next";

import { UtcTime } from "@/components/utc-time";
import type { Limit } from "@/features/limits/api/limits";
import { boundsText, changedFields } from "@/features/limits/data/values";

/** Whether a limit is the mission file's, or who changed it and what the file says. */
export function Origin({ limit }: { limit: Limit }) {
  const { t } = useTranslation("limits");
  const { change, in_force, file, unit } = limit;
  const changed = changedFields(in_force, file);
  if (change === null || changed.length === 0) return <>{t("origin.file")}</>;
  const isMoved = boundsText(in_force, unit) !== boundsText(file, unit);
  return (
    <>
      {t("origin.changed", { operator: change.operator })} <UtcTime time={change.at} />{" "}
      {isMoved
        ? t("origin.moved", { limit: boundsText(file, unit) })
        : t("origin.fields", {
            fields: changed.map((field) => t(`limit.fields.${field}`, { ns: "shared" })).join(", "),
          })}
    </>
  );
}
