import { Alert, Button, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { ApiError, type Schemas } from "@/api/client";
import { Panel } from "@/components/page";
import { StatusText } from "@/components/status/status-text";
import { UtcTime } from "@/components/utc-time";
import type { AlertDetail } from "@/features/alerts/api/get-alert";
import { useAcknowledge } from "@/features/alerts/api/acknowledge-alert";
import { keepOperatorName, operatorName } from "@/lib/operator-name";

/** Takes note of an alert once, and shows who did. */
export function AcknowledgePanel({ alert }: { alert: AlertDetail }) {
  const { t } = useTranslation("alerts");
  const acknowledge = useAcknowledge(alert.alert_id);
  const { error } = acknowledge;
  const isConflict = error instanceof ApiError && error.status === 409;
  return (
    <Panel title={t("acknowledge.title")}>
      <Stack gap="sm">
        {error && (
          <Alert
            color={isConflict ? "yellow" : "red"}
            variant="outline"
            role="alert"
            title={t(isConflict ? "acknowledge.conflict" : "acknowledge.failed")}
          >
            {error.message}
          </Alert>
        )}
        {acknowledge.isSuccess && (
          <span role="status">
            <StatusText status="normal" text={t("acknowledge.done")} />
          </span>
        )}
        {alert.acknowledgement ? (
          <History history={alert.history} />
        ) : (
          <Form isSending={acknowledge.isPending} onSend={(body) => acknowledge.mutate(body)} />
        )}
      </Stack>
    </Panel>
  );
}

function History({ history }: { history: Schemas["Acknowledgement"][] }) {
  const { t } = useTranslation("alerts");
  return (
    <ol className="alert-history">
      {history.map((entry) => (
        <li key={`${entry.acknowledged_at} ${entry.operator}`}>
          <strong>{t("acknowledge.history", { operator: entry.operator })}</strong>{" "}
          <UtcTime time={entry.acknowledged_at} />
          <Text className="alert-comment">{entry.comment}</Text>
        </li>
      ))}
    </ol>
  );
}

function Form({
  isSending,
  onSend,
}: {
  isSending: boolean;
  onSend: (body: Schemas["AcknowledgementRequest"]) => void;
}) {
  const { t } = useTranslation("alerts");
  const [operator, setOperator] = useState(operatorName);
  const [comment, setComment] = useState("");
  const isComplete = operator.trim() !== "" && comment.trim() !== "";
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!isComplete || isSending) return;
    keepOperatorName(operator.trim());
    onSend({ operator: operator.trim(), comment: comment.trim() });
  };
  return (
    <form onSubmit={send}>
      <Stack gap="xs">
        <TextInput
          label={t("acknowledge.name")}
          value={operator}
          onChange={(event) => setOperator(event.currentTarget.value)}
          autoComplete="name"
          maxLength={100}
          required
        />
        <Textarea
          label={t("acknowledge.comment")}
          placeholder={t("acknowledge.commentHint")}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
          maxLength={2000}
          minRows={3}
          rows={3}
          required
        />
        <Button type="submit" loading={isSending} disabled={!isComplete}>
          {t("acknowledge.submit")}
        </Button>
      </Stack>
    </form>
  );
}
