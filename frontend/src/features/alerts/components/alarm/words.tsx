import { Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { OperatorField } from "@/components/controls/operator-field";
/** The name and the reason that every action takes. */
export function Words({
  operator,
  onOperator,
  comment,
  onComment,
}: {
  operator: string;
  onOperator: (name: string) => void;
  comment: string;
  onComment: (text: string) => void;
}) {
  const { t } = useTranslation("alarms");
  return (
    <>
      <OperatorField value={operator} onChange={onOperator} />
      <Textarea
        label={t("actions.text")}
        placeholder={t("actions.hint")}
        value={comment}
        onChange={(event) => onComment(event.currentTarget.value)}
        maxLength={2000}
        minRows={3}
        rows={3}
        required
      />
    </>
  );
}
