import { Alert, Anchor, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { SatelliteLink } from "@/components/satellite-link";
import { UtcTime } from "@/components/utc-time";
import type { Tried, TriedAlarms } from "@/features/limits/api/limits";
import { formatValue } from "@/lib/numbers";

/** What is tried: a limit of a channel, or the threshold of a subsystem's score. */
export type Subject = { of: "limit" | "threshold"; subsystem: string; unit: string };

type Props = { subject: Subject; days: number; result: Tried };

/** Alarms by what is in force and by what is tried, and what would be missed. */
export function TrialResult({ subject, days, result }: Props) {
  const { t } = useTranslation("limits");
  return (
    <>
      <Rates subject={subject} result={result} days={days} />
      {result.missed.count > 0 && (
        <Alert
          color="red"
          variant="outline"
          role="alert"
          title={t("trial.missed", { count: result.missed.count })}
        >
          <AlarmList subject={subject} alarms={result.missed} />
        </Alert>
      )}
      <Details subject={subject} title={t("trial.appearing")} alarms={result.appearing} />
      <Details subject={subject} title={t("trial.vanishing")} alarms={result.vanishing} />
    </>
  );
}

function Rates({ subject, result, days }: Props) {
  const { t } = useTranslation("limits");
  const { before, after, satellites } = result;
  const heard = satellites.filter(({ samples }) => samples > 0).length;
  const caption = t(`trial.caption.${subject.of}`, { days: formatValue(days), satellites: heard });
  const rows: [string, number, number][] = [
    [t("trial.alarms"), before.count, after.count],
    [t("trial.perDay"), before.per_day, after.per_day],
    [t("trial.perHour"), before.per_operator_hour, after.per_operator_hour],
    ...result.feedback.map((called): [string, number, number] => [
      t("trial.called", {
        what: t(`trial.feedback.${called.feedback}`, called.feedback),
        count: called.count,
      }),
      called.before,
      called.after,
    ]),
  ];
  return (
    <div>
      <Text size="sm">{caption}</Text>
      <Table className="data-table" aria-label={caption} verticalSpacing={3}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th />
            <Table.Th>{t("trial.before")}</Table.Th>
            <Table.Th>{t("trial.after")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(([name, old, now]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td className="numeric">{rateText(old)}</Table.Td>
              <Table.Td className="numeric">{rateText(now)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm">{t("trial.eemua", { most: result.acceptable_per_operator_hour })}</Text>
    </div>
  );
}

/** A rate with two decimals; what is not nothing is not shown as nothing. */
const rateText = (rate: number) => (rate > 0 && rate < 0.005 ? "< 0.01" : String(Number(rate.toFixed(2))));

function Details({ title, ...list }: { title: string; subject: Subject; alarms: TriedAlarms }) {
  const { alarms } = list;
  if (alarms.count === 0) return null;
  return (
    <details>
      <summary>
        {title}: {alarms.count}
      </summary>
      <AlarmList {...list} />
    </details>
  );
}

const AROUND_MS = 15 * 60_000;

function AlarmList({ subject, alarms }: { subject: Subject; alarms: TriedAlarms }) {
  const { t } = useTranslation("limits");
  return (
    <>
      <ul className="limit-trial-alarms">
        {alarms.alarms.map((alarm) => (
          <li key={`${alarm.satellite_id} ${alarm.started_at}`}>
            <SatelliteLink
              satelliteId={alarm.satellite_id}
              subsystem={subject.subsystem}
              from={new Date(Date.parse(alarm.started_at) - AROUND_MS).toISOString()}
              to={new Date(Date.parse(alarm.started_at) + AROUND_MS).toISOString()}
            />{" "}
            <UtcTime time={alarm.started_at} />, {formatValue(alarm.worst_value)} {subject.unit}
            {alarm.alarm_id !== null && <AlertLink alertId={alarm.alarm_id} />}
          </li>
        ))}
      </ul>
      {alarms.count > alarms.alarms.length && (
        <Text size="sm">{t("trial.more", { count: alarms.count - alarms.alarms.length })}</Text>
      )}
    </>
  );
}

/** The alarm as the platform raised it. */
function AlertLink({ alertId }: { alertId: string }) {
  const { t } = useTranslation("limits");
  return (
    <>
      {", "}
      <Anchor
        inherit
        renderRoot={(props) => <Link to="/alerts/$alertId" params={{ alertId }} preload={false} {...props} />}
      >
        {t("trial.alert")}
      </Anchor>
    </>
  );
}
