import { Alert, Button, Code, Skeleton, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/client";

/** What a view shows before its first answer. */
export function Loading({ rows = 6, label }: { rows?: number; label?: string }) {
  const { t } = useTranslation("shared");
  return (
    <Stack gap="xs" role="status" aria-label={label ?? t("loading")}>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={28} />
      ))}
    </Stack>
  );
}

/** What failed, in the server's words; the view asks again by itself, the button at once. */
export function Failure({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const { t } = useTranslation("shared");
  const status = error instanceof ApiError ? error.status : null;
  const isAway = status === 0 || (status !== null && status >= 500);
  const isMissing = status === 404;
  return (
    <Alert
      color="red"
      variant="outline"
      title={t(isAway ? "failure.away" : isMissing ? "failure.missing" : "failure.refused")}
      role="alert"
    >
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {error.message}
      </Text>
      {isAway && <Text size="sm">{t("failure.retries")}</Text>}
      {onRetry && !isMissing && (
        <Button mt="xs" size="xs" variant="default" onClick={onRetry}>
          {t("failure.retry")}
        </Button>
      )}
    </Alert>
  );
}

/** Nothing to show: why, and what to type. */
export function Empty({
  title,
  command,
  children,
}: {
  title: string;
  command?: string;
  children?: ReactNode;
}) {
  return (
    <Stack align="center" gap="xs" py="xl" className="empty">
      <Title order={2} size="h4">
        {title}
      </Title>
      {children && <Text c="dimmed">{children}</Text>}
      {command && <Code block>{command}</Code>}
    </Stack>
  );
}
