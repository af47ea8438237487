import { useTranslation } from "react-i18next";

/** Returns what names the reason of a rule; one that the console does not know keeps its own name. */
export function useReasonText(): (reason: string) => string {
  const { t, i18n } = useTranslation("alerts");
  return (reason) =>
    i18n.exists(`reason.${reason}`, { ns: "alerts" }) ? t(`reason.${reason}` as "reason.no_data") : reason;
}
