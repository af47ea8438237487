import { Alert } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/client";

/** Why a change was not made: another operator was faster, or what is wrong with it. */
export function Refusal({ error, title }: { error: Error; title: string }) {
  const { t } = useTranslation("limits");
  const isConflict = error instanceof ApiError && error.status === 409;
  return (
    <Alert
      color={isConflict ? "yellow" : "red"}
      variant="outline"
      role="alert"
      title={isConflict ? t("change.conflict") : title}
    >
      {error.message}
    </Alert>
  );
}
