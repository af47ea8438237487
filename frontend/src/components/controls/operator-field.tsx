import { TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Who acts: every action of an operator takes a name. */
export function OperatorField({ value, onChange }: { value: string; onChange: (name: string) => void }) {
  const { t } = useTranslation("shared");
  return (
    <TextInput
      label={t("operator")}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      autoComplete="name"
      maxLength={100}
      required
    />
  );
}
