import "@/features/shift/shift.css";

import { Group, NumberInput } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { TimeRangeFields } from "@/components/controls/time-range-fields";
import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { usePerformance } from "@/features/shift/api/shift";
import { FeedbackLists } from "@/features/shift/components/feedback-lists";
import { Indicators } from "@/features/shift/components/indicators";
import { FrequentList, RaisedList } from "@/features/shift/components/performance-lists";
import { Rates } from "@/features/shift/components/rates";
import { MAX_OPERATORS } from "@/features/shift/search";

const route = getRouteApi("/performance");

/** How much the alarms asked of operators, beside what EEMUA 191 and ISA-18.2 hold acceptable. */
export function PerformanceView() {
  const { t } = useTranslation("shift");
  const performance = usePerformance(route.useSearch());
  return (
    <Page title={t("performance")} controls={<Controls />}>
      <QueryView query={performance}>
        {(data) => (
          <>
            <p className="shift-span">{t("counted", { count: data.count })}</p>
            <Rates performance={data} />
            <Indicators indicators={data.indicators} />
            <RaisedList groups={data.by_severity} />
            <FrequentList performance={data} />
            <FeedbackLists feedback={data.feedback} />
          </>
        )}
      </QueryView>
    </Page>
  );
}

function Controls() {
  const { t } = useTranslation("shift");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Group gap="xs" align="flex-end" className="no-print">
      <TimeRangeFields
        from={search.from}
        to={search.to}
        onChange={(range) => void navigate({ search: { ...search, ...range }, replace: true })}
      />
      <NumberInput
        size="xs"
        w={110}
        label={t("operators")}
        min={1}
        max={MAX_OPERATORS}
        clampBehavior="strict"
        allowDecimal={false}
        value={search.operators ?? 1}
        onChange={(count) => {
          if (typeof count === "number" && count >= 1)
            void navigate({ search: { ...search, operators: count }, replace: true });
        }}
      />
    </Group>
  );
}
