import { Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { OperatorField } from "@/components/controls/operator-field";

/** The name and the reason that every action takes. */
export function Words({
  operator,
  onOperator,
  comment,
  onComment,
  hint,
}: {
  operator: string;
  onOperator: (name: string) => void;
  comment: string;
  onComment: (text: string) => void;
  hint: string;
}) {
  const { t } = useTranslation("shared");
  return (
    <>
      <OperatorField value={operator} onChange={onOperator} />
      <Textarea
        label={t("comment")}
        placeholder={hint}
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
