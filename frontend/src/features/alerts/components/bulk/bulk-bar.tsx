import { Alert as Notice, Checkbox } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { RoleButton } from "@/components/controls/role-button";
import { Words } from "@/components/controls/words";
import { StatusText } from "@/components/status/status-text";
import { useAcknowledgeAlarms } from "@/features/alerts/api/acknowledge-alarms";
import { isSelectable, type Selection } from "@/features/alerts/data/selection";
import type { Alarm } from "@/features/alerts/states";
import { keepOperatorName, operatorName } from "@/lib/operator-name";

/** Acknowledges together the shown alerts that are selected, and says what became of them. */
export function BulkBar({ alarms, selection }: { alarms: Alarm[]; selection: Selection }) {
  const { t } = useTranslation("alarms");
  const acknowledge = useAcknowledgeAlarms();
  const ids = alarms.filter(isSelectable).map(({ alarm_id }) => alarm_id);
  const chosen = ids.filter((id) => selection.has(id));
  const send = (words: { operator: string; comment: string }) =>
    acknowledge.mutate({ ...words, alarm_ids: chosen }, { onSuccess: () => selection.set(chosen, false) });
  return (
    <div className="alert-bulk">
      {ids.length > 0 && (
        <Checkbox
          label={t("bulk.all", { count: ids.length })}
          checked={chosen.length === ids.length}
          indeterminate={chosen.length > 0 && chosen.length < ids.length}
          onChange={(event) => selection.set(ids, event.currentTarget.checked)}
        />
      )}
      {chosen.length > 0 && <Form count={chosen.length} isSending={acknowledge.isPending} onSend={send} />}
      <Outcome acknowledge={acknowledge} />
    </div>
  );
}

function Outcome({ acknowledge }: { acknowledge: ReturnType<typeof useAcknowledgeAlarms> }) {
  const { t } = useTranslation("alarms");
  const outcomes = acknowledge.data?.outcomes ?? [];
  const refused = outcomes.filter(({ result }) => result !== "acknowledged");
  const done = outcomes.length - refused.length;
  return (
    <>
      {done > 0 && (
        <span role="status">
          <StatusText status="normal" text={t("bulk.done", { count: done })} />
        </span>
      )}
      {acknowledge.error && (
        <Notice color="red" variant="outline" role="alert" title={t("actions.failed")}>
          {acknowledge.error.message}
        </Notice>
      )}
      {refused.length > 0 && (
        <Notice
          color="yellow"
          variant="outline"
          role="alert"
          title={t("bulk.refused", { count: refused.length })}
        >
          {refused.map(({ alarm_id, detail }) => (
            <div key={alarm_id} className="alert-comment">
              {alarm_id}: {detail}
            </div>
          ))}
        </Notice>
      )}
    </>
  );
}

function Form({
  count,
  isSending,
  onSend,
}: {
  count: number;
  isSending: boolean;
  onSend: (words: { operator: string; comment: string }) => void;
}) {
  const { t } = useTranslation("alarms");
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
    <form onSubmit={send} className="alert-bulk">
      <Words
        operator={operator}
        onOperator={setOperator}
        comment={comment}
        onComment={setComment}
        hint={t("actions.hint")}
      />
      <RoleButton needs="operator" type="submit" loading={isSending} disabled={!isComplete}>
        {t("bulk.acknowledge", { count })}
      </RoleButton>
    </form>
  );
}
