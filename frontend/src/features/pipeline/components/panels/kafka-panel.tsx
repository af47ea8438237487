import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { StatusText } from "@/components/status/status-text";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatCount } from "@/features/pipeline/data/figures";
import { Figure, Value } from "@/features/pipeline/components/figure";
import { PartPanel } from "@/features/pipeline/components/part-panel";
import { Name, RowsTable, type RowsColumn } from "@/features/pipeline/components/rows-table";

/** How far its readers are behind, and what its topics hold. */
export function KafkaPanel({ part }: { part: Pipeline["kafka"] }) {
  const { t } = useTranslation("pipeline");
  return (
    <PartPanel name="kafka" part={part} isWaitingCounted={part.groups.every(({ lag }) => lag !== null)}>
      <RowsTable
        caption={t("kafka.groups")}
        columns={useGroupColumns()}
        rows={part.groups}
        rowKey={(row) => `${row.group} ${row.topic}`}
        isUnknown={part.state === "off"}
      />
      <p className="pipeline-rules">{t("kafka.rule")}</p>
      <RowsTable
        caption={t("kafka.topics")}
        columns={useTopicColumns()}
        rows={part.topics}
        rowKey={(row) => row.topic}
        isUnknown={part.state === "off"}
      />
      <dl className="pipeline-list">
        <Figure label={t("kafka.deadLetters")} rule={t("kafka.deadLettersRule")}>
          <Link to="/dead-letters">
            <Value value={formatCount(part.dead_letters)} unit={t("kafka.deadLettersUnit")} />
          </Link>
        </Figure>
      </dl>
    </PartPanel>
  );
}

function useGroupColumns(): RowsColumn<Schemas["ConsumerGroup"]>[] {
  const { t } = useTranslation("pipeline");
  return [
    { label: t("kafka.group"), cell: (row) => <Name>{row.group}</Name>, isText: true },
    { label: t("kafka.lag"), cell: (row) => <Value value={formatCount(row.lag)} /> },
    { label: t("kafka.members"), cell: (row) => <Value value={formatCount(row.members)} /> },
    {
      label: t("kafka.state"),
      cell: (row) => <GroupState group={row} />,
      isText: true,
    },
  ];
}

/** A group that reads is good, waiting or late; one without members is none of these. */
function GroupState({ group: { state, lag, members } }: { group: Schemas["ConsumerGroup"] }) {
  const { t } = useTranslation("pipeline");
  const isJudgedByLag = members > 0 && lag !== null;
  const text = isJudgedByLag && isLagWord(state) ? t(`lag.${state}`) : t(`states.${state}`);
  return <StatusText status={state} text={text} />;
}

function isLagWord(state: Schemas["ConsumerGroup"]["state"]) {
  return state === "normal" || state === "standby" || state === "serious";
}

function useTopicColumns(): RowsColumn<Schemas["Topic"]>[] {
  const { t } = useTranslation("pipeline");
  return [
    { label: t("kafka.topic"), cell: (row) => <Name>{row.topic}</Name>, isText: true },
    { label: t("kafka.partitions"), cell: (row) => <Value value={formatCount(row.partitions)} /> },
    { label: t("kafka.messages"), cell: (row) => <Value value={formatCount(row.messages)} /> },
  ];
}
