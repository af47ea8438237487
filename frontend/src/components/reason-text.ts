import { useTranslation } from "react-i18next";

const SILENT_CHANNEL = /^(.+)_no_data$/;

/** Returns what names the reason of a rule; one that the console does not know keeps its own name. */
export function useReasonText(): (reason: string) => string {
  const { t, i18n } = useTranslation("alerts");
  return (reason) => {
    if (i18n.exists(`reason.${reason}`, { ns: "alerts" })) return t(`reason.${reason}` as "reason.no_data");
    const channel = SILENT_CHANNEL.exec(reason)?.[1];
    return channel ? t("noDataOf", { channel }) : reason;
  };
}
