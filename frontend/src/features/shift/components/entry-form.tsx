import { Alert, Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { OperatorField } from "@/components/controls/operator-field";
import { RoleButton } from "@/components/controls/role-button";
import { Panel } from "@/components/page";
import { StatusText } from "@/components/status/status-text";
import { useAddEntry, type Entry } from "@/features/shift/api/shift";
import { keepOperatorName, operatorName } from "@/lib/operator-name";

/** Writes an entry, or a correction of one; what was typed stays until the server has it. */
export function EntryForm({ corrected, onDone }: { corrected: Entry | null; onDone: () => void }) {
  const { t } = useTranslation("shift");
  const add = useAddEntry();
  const [written, setWritten] = useState(0);
  const done = () => {
    setWritten(written + 1);
    onDone();
  };
  return (
    <section className="no-print">
      <Panel title={corrected ? t("entry.correction", { id: corrected.id }) : t("entry.title")}>
        <Stack gap="sm">
          {add.error && (
            <Alert color="red" variant="outline" role="alert" title={t("entry.failed")}>
              {add.error.message}
            </Alert>
          )}
          {add.isSuccess && (
            <span role="status">
              <StatusText status="normal" text={t("entry.done")} />
            </span>
          )}
          <Fields
            key={`${written} ${corrected?.id ?? ""}`}
            corrected={corrected}
            isSending={add.isPending}
            onSend={(entry) => add.mutate(entry, { onSuccess: done })}
            onCancel={onDone}
          />
        </Stack>
      </Panel>
    </section>
  );
}

type NewEntry = Parameters<ReturnType<typeof useAddEntry>["mutate"]>[0];

function Fields({
  corrected,
  isSending,
  onSend,
  onCancel,
}: {
  corrected: Entry | null;
  isSending: boolean;
  onSend: (entry: NewEntry) => void;
  onCancel: () => void;
}) {
  const { t } = useTranslation("shift");
  const [operator, setOperator] = useState(operatorName);
  const [text, setText] = useState(corrected?.text ?? "");
  const [satellite, setSatellite] = useState(corrected?.satellite_id ?? "");
  const isComplete = operator.trim() !== "" && text.trim() !== "";
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!isComplete || isSending) return;
    keepOperatorName(operator.trim());
    const about = { satellite_id: satellite.trim() || null, alarm_id: corrected?.alarm_id ?? null };
    onSend({ operator: operator.trim(), text: text.trim(), corrects: corrected?.id ?? null, ...about });
  };
  return (
    <form onSubmit={send}>
      <Stack gap="xs">
        <Names
          operator={operator}
          onOperator={setOperator}
          satellite={satellite}
          onSatellite={corrected?.alarm_id == null ? setSatellite : undefined}
        />
        <Textarea
          label={t("entry.text")}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          maxLength={2000}
          rows={3}
          required
        />
        <Group gap="xs">
          <RoleButton needs="operator" type="submit" size="xs" loading={isSending} disabled={!isComplete}>
            {t("entry.write")}
          </RoleButton>
          {corrected && (
            <Button size="xs" variant="default" onClick={onCancel}>
              {t("entry.cancel")}
            </Button>
          )}
          <Text size="sm" c="dimmed">
            {t("entry.hint")}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

/** Who writes, and about which satellite; one that follows from an alarm can't be changed. */
function Names({
  operator,
  onOperator,
  satellite,
  onSatellite,
}: {
  operator: string;
  onOperator: (name: string) => void;
  satellite: string;
  onSatellite: ((name: string) => void) | undefined;
}) {
  const { t } = useTranslation("shift");
  return (
    <Group gap="xs" align="flex-start">
      <OperatorField value={operator} onChange={onOperator} />
      <TextInput
        label={t("entry.satellite")}
        placeholder={t("entry.anySatellite")}
        value={satellite}
        onChange={(event) => onSatellite?.(event.currentTarget.value)}
        disabled={onSatellite === undefined}
        maxLength={50}
      />
    </Group>
  );
}
