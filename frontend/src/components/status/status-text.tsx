import { useTranslation } from "react-i18next";

import { StatusSymbol, type Status } from "@/components/status/status-symbol";

/** A status in colour, shape and words. */
export function StatusText({ status, text }: { status: Status; text?: string }) {
  const { t } = useTranslation("shared");
  return (
    <span className="status-text">
      <StatusSymbol status={status} />
      {text ?? t(`status.${status}`)}
    </span>
  );
}
