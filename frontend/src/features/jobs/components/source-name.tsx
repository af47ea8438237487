import { useTranslation } from "react-i18next";

import { SOURCES } from "@/features/jobs/search";

/** Who asked for a job, in the operator's language. */
export function SourceName({ source }: { source: string }) {
  const { t } = useTranslation("jobs");
  const known = SOURCES.find((name) => name === source);
  return <>{known ? t(`source.${known}`) : source}</>;
}
