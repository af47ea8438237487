import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useReasonText } from "@/components/reason-text";
import { SatelliteLink } from "@/components/satellite-link";
import { useSubsystemName } from "@/components/subsystem-name";
import { UtcTime } from "@/components/utc-time";
import type { Report } from "@/features/shift/api/shift";
import { PassTable } from "@/features/shift/components/pass-table";
import { ListPanel, type Cells } from "@/features/shift/components/facts-table";

type Change = Schemas["Change"];

/** When satellites were heard that were silent in between, and what was changed meanwhile. */
export function SpanLists({ report }: { report: Report }) {
  const { t } = useTranslation("shift");
  const aboutText = useAboutText();
  const contacts: Cells<Schemas["Contact"]> = [
    [t("satellite"), ({ satellite_id }) => <SatelliteLink satelliteId={satellite_id} />],
    [t("alarm.from"), ({ started_at }) => (started_at ? <UtcTime time={started_at} /> : t("contact.before"))],
    [t("alarm.until"), ({ ended_at }) => (ended_at ? <UtcTime time={ended_at} /> : t("contact.goesOn"))],
  ];
  const changes: Cells<Change> = [
    [t("change.at"), ({ at }) => <UtcTime time={at} />],
    [t("change.kind"), ({ kind }) => t(`change.${kind}`)],
    [t("change.about"), aboutText],
    [t("change.to"), (change) => detailsOf(change) || t("change.file")],
    [t("suppressed.by"), ({ operator }) => operator ?? "–"],
    [t("suppressed.why"), ({ comment }) => <span className="shift-text">{comment ?? "–"}</span>],
  ];
  return (
    <>
      <ListPanel
        title={t("contact.title")}
        rows={report.contacts}
        cells={contacts}
        nothing={t("none")}
        more={report.has_more_contacts ? t("more") : null}
      />
      <PassTable title={t("pass.title")} found={report.passes} />
      <ListPanel
        title={t("change.title")}
        rows={report.changes}
        cells={changes}
        nothing={t("none")}
        more={report.has_more_changes ? t("more") : null}
      />
    </>
  );
}

/** Returns what names the limit, the learned constants or the release that a change is about. */
function useAboutText(): (change: Change) => string {
  const { t } = useTranslation("shift");
  const subsystemName = useSubsystemName();
  const reasonText = useReasonText();
  return ({ kind, satellite_id, subsystem, name, version }) =>
    [
      satellite_id,
      subsystem && subsystemName(subsystem),
      kind === "limit" ? reasonText(name) : kind === "upgrade" ? name : null,
      version && t("change.version", { version }),
    ]
      .filter(Boolean)
      .join(" · ");
}

/** What it was changed to; empty where a limit is the mission file's again. */
function detailsOf({ kind, name, details }: Change): string {
  const told = Object.entries(details).map(
    ([field, value]) => `${field.replaceAll("_", " ")} ${value ?? "–"}`,
  );
  return (kind === "calibration" ? [name, ...told] : told).join(", ");
}
