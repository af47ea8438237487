import { useTranslation } from "react-i18next";

/** Who says to have done something, with the name of the key where it is another one. */
export function Author({ operator, keyName }: { operator: string; keyName: string | null }) {
  const { t } = useTranslation("shared");
  return keyName === null || keyName === operator ? operator : t("author", { operator, key: keyName });
}
