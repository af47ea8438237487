import { Alert, Button, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/client";
import { Words } from "@/components/controls/words";
import { Panel } from "@/components/page";
import { StatusText } from "@/components/status/status-text";
import { useActOnAlarm, type Request } from "@/features/alerts/api/act-on-alarm";
import type { AlarmDetail, AlarmAction } from "@/features/alerts/api/get-alarm";
import { FeedbackMenu } from "@/features/alerts/components/feedback-menu";
import { isOfSign, offeredActions } from "@/features/alerts/data/actions";
import { formatDuration } from "@/lib/time";
import { keepOperatorName, operatorName } from "@/lib/operator-name";

const SHELF_MINUTES = [30, 60, 240, 480, 1440, 10_080];
const CONFLICT = 409;

/** What an operator may do with an alarm in its state; each takes a name and a reason. */
export function ActionPanel({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useTranslation("alarms");
  const act = useActOnAlarm(alarm);
  const [done, setDone] = useState(0);
  return (
    <Panel title={t("actions.title")} controls={<FeedbackMenu alarm={alarm} />}>
      <Stack gap="sm">
        {act.error && <Refusal error={act.error} action={act.variables.action} />}
        {act.isSuccess && (
          <span role="status">
            <StatusText status="normal" text={t("actions.done")} />
          </span>
        )}
        <Form
          key={done}
          alarm={alarm}
          isSending={act.isPending}
          onSend={(request) => act.mutate(request, { onSuccess: () => setDone(done + 1) })}
        />
      </Stack>
    </Panel>
  );
}

function Refusal({ error, action }: { error: Error; action: AlarmAction }) {
  const { t } = useTranslation("alarms");
  const isConflict = error instanceof ApiError && error.status === CONFLICT;
  const title = action === "acknowledge" ? t("actions.conflict") : t("actions.refused");
  return (
    <Alert
      color={isConflict ? "yellow" : "red"}
      variant="outline"
      role="alert"
      title={isConflict ? title : t("actions.failed")}
    >
      {error.message}
    </Alert>
  );
}

function Form({
  alarm,
  isSending,
  onSend,
}: {
  alarm: AlarmDetail;
  isSending: boolean;
  onSend: (request: Request) => void;
}) {
  const { t } = useTranslation("alarms");
  const offered = offeredActions(alarm);
  const [chosen, setChosen] = useState<AlarmAction | null>(null);
  const action = offered.find((name) => name === chosen) ?? offered[0] ?? "comment";
  const [operator, setOperator] = useState(operatorName);
  const [comment, setComment] = useState("");
  const [assignee, setAssignee] = useState(alarm.assigned_to ?? operator);
  const [minutes, setMinutes] = useState(30);
  const isComplete = operator.trim() !== "" && comment.trim() !== "";
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!isComplete || isSending) return;
    keepOperatorName(operator.trim());
    const words = { operator: operator.trim(), comment: comment.trim() };
    onSend({ ...words, action, assignee: assignee.trim() || null, minutes });
  };
  return (
    <form onSubmit={send}>
      <Stack gap="xs">
        <NativeSelect
          label={t("actions.action")}
          value={action}
          onChange={({ currentTarget }) => setChosen(currentTarget.value as AlarmAction)}
          data={offered.map((value) => ({ value, label: t(`actions.${value}`) }))}
        />
        {action === "assign" && <Assignee value={assignee} onChange={setAssignee} />}
        {action === "shelve" && <Duration minutes={minutes} onChange={setMinutes} />}
        {isOfSign(action) && (
          <Text size="sm" c="dimmed">
            {t("actions.ofSign")}
          </Text>
        )}
        <Words
          operator={operator}
          onOperator={setOperator}
          comment={comment}
          onComment={setComment}
          hint={t("actions.hint")}
        />
        <Button type="submit" loading={isSending} disabled={!isComplete}>
          {t(`actions.${action}`)}
        </Button>
      </Stack>
    </form>
  );
}

function Assignee({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation("alarms");
  return (
    <TextInput
      label={t("actions.assignee")}
      placeholder={t("actions.nobody")}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      maxLength={100}
    />
  );
}

function Duration({ minutes, onChange }: { minutes: number; onChange: (minutes: number) => void }) {
  const { t } = useTranslation("alarms");
  return (
    <NativeSelect
      label={t("actions.duration")}
      value={String(minutes)}
      onChange={(event) => onChange(Number(event.currentTarget.value))}
      data={SHELF_MINUTES.map((value) => ({ value: String(value), label: formatDuration(value * 60_000) }))}
    />
  );
}
