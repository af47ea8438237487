import { useTranslation } from "react-i18next";

import { CommitInput } from "@/components/controls/commit-input";
import { fromField, toField } from "@/lib/address/address";

type Range = { from?: string | undefined; to?: string | undefined };

/** From when until when, in UTC; an empty field is no bound. */
export function TimeRangeFields({ from, to, onChange }: Range & { onChange: (range: Range) => void }) {
  const { t } = useTranslation("shared");
  return (
    <>
      <CommitInput
        type="datetime-local"
        w={172}
        label={t("range.from")}
        value={toField(from)}
        onCommit={(text) => onChange({ from: fromField(text), to })}
      />
      <CommitInput
        type="datetime-local"
        w={172}
        label={t("range.to")}
        value={toField(to)}
        onCommit={(text) => onChange({ from, to: fromField(text) })}
      />
    </>
  );
}
