import { useTranslation } from "react-i18next";

import { useServerNow } from "@/lib/live/live-context";
import { formatDuration } from "@/lib/time";

/** How long ago something was, growing each second with the server's clock. */
export function Age({ since }: { since: string }) {
  const { t } = useTranslation("fleet");
  const now = useServerNow();
  return <span className="numeric">{t("ago", { age: formatDuration(now - Date.parse(since)) })}</span>;
}
