import { useTranslation } from "react-i18next";

const NAMED = ["eps", "thermal", "aocs", "comm", "satellite"] as const;
/** What a posted series is called in rows. */
const SERIES = "series";

/** Returns what names a subsystem in the console's language; one that the console does not know keeps its own name. */
export function useSubsystemName(): (subsystem: string) => string {
  const { t } = useTranslation("shared");
  return (subsystem) => {
    const known = NAMED.find((name) => name === subsystem);
    if (known) return t(`subsystem.${known}`);
    return subsystem === SERIES ? t("judgement.series") : subsystem;
  };
}
