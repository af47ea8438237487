import "@/features/shift/shift.css";

import { Button, Group } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { TimeRangeFields } from "@/components/controls/time-range-fields";
import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { UtcTime } from "@/components/utc-time";
import { saveReport, useReport, type Entry, type FileForm, type Report } from "@/features/shift/api/shift";
import { AlarmList } from "@/features/shift/components/alarm-list";
import { EntryForm } from "@/features/shift/components/entry-form";
import { Indicators } from "@/features/shift/components/indicators";
import { LogPanel } from "@/features/shift/components/log-panel";
import { SatelliteLists, SuppressedList } from "@/features/shift/components/now-lists";
import { RaisedList } from "@/features/shift/components/performance-lists";
import { PassTable } from "@/features/shift/components/pass-table";
import { SpanLists } from "@/features/shift/components/span-lists";

const route = getRouteApi("/shift");

/** What one shift hands over to the next, as one page to read, print or keep. */
export function ShiftView() {
  const { t } = useTranslation("shift");
  const search = route.useSearch();
  const report = useReport(search);
  const [corrected, setCorrected] = useState<Entry | null>(null);
  return (
    <Page title={t("title")} controls={<Controls />}>
      <EntryForm corrected={corrected} onDone={() => setCorrected(null)} />
      <QueryView query={report}>{(data) => <Sections report={data} onCorrect={setCorrected} />}</QueryView>
    </Page>
  );
}

function Controls() {
  const { t } = useTranslation("shift");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [isFailed, setFailed] = useState(false);
  const save = (form: FileForm) =>
    saveReport(search, form).then(
      () => setFailed(false),
      () => setFailed(true),
    );
  return (
    <Group gap="xs" align="flex-end" className="no-print">
      <TimeRangeFields
        from={search.from}
        to={search.to}
        onChange={(range) => void navigate({ search: range, replace: true })}
      />
      <Button size="xs" variant="default" onClick={() => window.print()}>
        {t("print")}
      </Button>
      <Button size="xs" variant="default" onClick={() => void save("pdf")}>
        {t("pdf")}
      </Button>
      <Button size="xs" variant="default" onClick={() => void save("md")}>
        {t("markdown")}
      </Button>
      {isFailed && <span role="alert">{t("notSaved")}</span>}
    </Group>
  );
}

function Sections({ report, onCorrect }: { report: Report; onCorrect: (entry: Entry) => void }) {
  const { t } = useTranslation("shift");
  return (
    <>
      <p className="shift-span">
        {t("span")} <UtcTime time={report.start_time} /> – <UtcTime time={report.end_time} />
      </p>
      <LogPanel entries={report.entries} hasMore={report.has_more_entries} onCorrect={onCorrect} />
      <SpanLists report={report} />
      <RaisedList groups={report.raised_by_severity} />
      <AlarmList title={t("newest")} found={report.raised} />
      <Indicators indicators={report.indicators} />
      <AlarmList title={t("platform")} found={report.platform} />
      <p className="shift-span">
        {t("asOf")} <UtcTime time={report.generated_at} />
      </p>
      <PassTable title={t("pass.next")} found={report.next_passes} />
      <AlarmList title={t("standing")} found={report.standing} />
      <AlarmList title={t("returned")} found={report.returned} />
      <SuppressedList title={t("shelved")} reasons={report.shelved} hasMore={report.has_more_suppressions} />
      <SuppressedList
        title={t("outOfService")}
        reasons={report.out_of_service}
        hasMore={report.has_more_suppressions}
      />
      <SatelliteLists report={report} />
    </>
  );
}
