import { Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

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
      <TextInput
        label={t("actions.name")}
        value={operator}
        onChange={(event) => onOperator(event.currentTarget.value)}
        autoComplete="name"
        maxLength={100}
        required
      />
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
