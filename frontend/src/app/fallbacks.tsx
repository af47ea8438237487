import { Alert, Anchor, Button, Text } from "@mantine/core";
import { Link, type ErrorComponentProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Page } from "@/components/page";

/** An address that names no view, or a broken link. */
export function NotFound() {
  const { t } = useTranslation("app");
  return (
    <Page title={t("notFound.title")}>
      <Anchor component={Link} to="/">
        {t("notFound.back")}
      </Anchor>
    </Page>
  );
}

/** A view that failed; the others go on. */
export function Crashed({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation("app");
  return (
    <Alert color="red" variant="outline" title={t("crashed.title")} role="alert" m="md">
      <Text size="sm">{error instanceof Error ? error.message : String(error)}</Text>
      <Button mt="xs" size="xs" variant="default" onClick={reset}>
        {t("crashed.reload")}
      </Button>
    </Alert>
  );
}
