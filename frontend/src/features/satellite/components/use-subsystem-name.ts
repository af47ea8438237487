import { useTranslation } from "react-i18next";

/** Name of a subsystem for the operator; one that the console does not know keeps the mission's name. */
export function useSubsystemName(): (subsystem: string) => string {
  const { t } = useTranslation("shared");
  const names = new Map<string, string>(Object.entries(t("subsystem", { returnObjects: true })));
  return (subsystem) => names.get(subsystem) ?? subsystem;
}
