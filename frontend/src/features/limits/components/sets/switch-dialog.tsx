import { Group, Modal, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { RoleButton } from "@/components/controls/role-button";
import { Words } from "@/components/controls/words";
import { useKnownSatellites, useSwitchSet, type LimitSets } from "@/features/limits/api/limit-sets";
import { Refusal } from "@/features/limits/components/refusal";
import { keepOperatorName, operatorName } from "@/lib/operator-name";

/** Lets a satellite use another limit set; it takes a name and a reason. */
export function SwitchDialog({
  sets,
  satellite,
  onClose,
}: {
  sets: LimitSets;
  satellite: string;
  onClose: () => void;
}) {
  const { t } = useTranslation("limits");
  const change = useSwitchSet();
  const [name, setName] = useState(satellite);
  const satelliteId = name.trim();
  const used = sets.satellites.find(({ satellite_id }) => satellite_id === satelliteId);
  const current = used?.limit_set ?? "default";
  const [chosen, setChosen] = useState("");
  const [operator, setOperator] = useState(operatorName);
  const [comment, setComment] = useState("");
  const words = { operator: operator.trim(), comment: comment.trim() };
  const isComplete = [satelliteId, chosen, ...Object.values(words)].every(Boolean) && chosen !== current;
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!isComplete || change.isPending) return;
    keepOperatorName(words.operator);
    const body = { ...words, version: used?.version ?? 0, limit_set: chosen };
    change.mutate({ satelliteId, body }, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={t("sets.switch")}>
      <form onSubmit={send}>
        <Stack gap="sm">
          {change.error && <Refusal error={change.error} title={t("sets.refused")} />}
          <SatelliteField value={name} onChange={setName} isFixed={satellite !== ""} />
          <NativeSelect
            label={t("sets.set")}
            value={chosen}
            onChange={({ currentTarget }) => setChosen(currentTarget.value)}
            data={[{ value: "", label: t("sets.choose", { current }) }, ...sets.sets.map((set) => set.name)]}
          />
          <Words
            operator={operator}
            onOperator={setOperator}
            comment={comment}
            onComment={setComment}
            hint={t("sets.hint")}
          />
          <Text size="sm">{t("sets.effect")}</Text>
          <Group justify="flex-end">
            <RoleButton needs="engineer" type="submit" loading={change.isPending} disabled={!isComplete}>
              {t("sets.save")}
            </RoleButton>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** A name that is typed, with those that have telemetry to choose from. */
function SatelliteField({
  value,
  onChange,
  isFixed,
}: {
  value: string;
  onChange: (name: string) => void;
  isFixed: boolean;
}) {
  const { t } = useTranslation("limits");
  const { data: names = [] } = useKnownSatellites();
  return (
    <>
      <TextInput
        label={t("sets.satellite")}
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
        readOnly={isFixed}
        list="limit-set-satellites"
        maxLength={50}
        required
      />
      <datalist id="limit-set-satellites">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
