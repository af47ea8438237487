import { useState } from "react";
import { useTranslation } from "react-i18next";

import { CommitInput } from "@/components/controls/commit-input";
import { fromField, toField } from "@/lib/address/address";

type Range = { from?: string | undefined; to?: string | undefined };

/** From when until when, in UTC; an empty field is no bound. */
export function TimeRangeFields({ from, to, onChange }: Range & { onChange: (range: Range) => void }) {
  const { t } = useTranslation("shared");
  return (
    <>
      <Moment label={t("range.from")} time={from} onCommit={(time) => onChange({ from: time, to })} />
      <Moment label={t("range.to")} time={to} onCommit={(time) => onChange({ from, to: time })} />
    </>
  );
}

/** A date and time of 24 hours: a browser's own field shows twelve where its language has them. */
function Moment({
  label,
  time,
  onCommit,
}: {
  label: string;
  time: string | undefined;
  onCommit: (time: string | undefined) => void;
}) {
  const { t } = useTranslation("shared");
  const [isWrong, setWrong] = useState(false);
  const commit = (text: string) => {
    const moment = fromField(text);
    setWrong(text !== "" && moment === undefined);
    if (text === "" || moment !== undefined) onCommit(moment);
  };
  return (
    <CommitInput
      w={172}
      label={label}
      placeholder="2026-01-31 13:05:00"
      value={toField(time)}
      error={isWrong && t("range.wrong")}
      onCommit={commit}
    />
  );
}
