import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** Leads to the retired satellites, if there are any, and back to the others. */
export function RetiredFilter({ count, isChosen }: { count: number; isChosen: boolean }) {
  const { t } = useTranslation("fleet");
  if (count === 0 && !isChosen) return null;
  return (
    <Link
      to="/"
      search={(before) => ({ ...before, retired: isChosen ? undefined : ("only" as const) })}
      aria-current={isChosen ? "true" : undefined}
      replace
    >
      {isChosen ? t("inService") : t("retired", { count })}
    </Link>
  );
}
