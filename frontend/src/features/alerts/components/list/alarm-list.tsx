import { useMediaQuery } from "@mantine/hooks";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { Pages } from "@/components/controls/pages";
import { AlarmCards } from "@/features/alerts/components/list/alarm-cards";
import { AlarmTable } from "@/features/alerts/components/list/alarm-table";
import { BulkBar } from "@/features/alerts/components/bulk/bulk-bar";
import { useFolds } from "@/features/alerts/data/folds";
import { rowsOf } from "@/features/alerts/data/groups";
import { useSelection } from "@/features/alerts/data/selection";

const route = getRouteApi("/alerts");

/** A page of alarms to read, select and acknowledge; `place` of the address says which page. */
export function AlarmList({
  found,
  caption,
  place,
}: {
  found: Schemas["Alarms"];
  caption: string;
  place: "cursor" | "apart";
}) {
  const { t } = useTranslation("alerts");
  const isPhone = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const navigate = route.useNavigate();
  const cursor = route.useSearch()[place];
  const selection = useSelection();
  const folds = useFolds();
  const { alarms, next_cursor: next } = found;
  const rows = rowsOf(alarms, folds.isUnfolded);
  return (
    <>
      <BulkBar alarms={alarms} selection={selection} />
      {isPhone ? (
        <AlarmCards rows={rows} folds={folds} selection={selection} caption={caption} />
      ) : (
        <div className="panel alert-list">
          <AlarmTable rows={rows} folds={folds} selection={selection} caption={caption} />
        </div>
      )}
      {(cursor !== undefined || next !== null) && (
        <Pages
          cursor={cursor}
          next={next}
          words={{
            here: t(cursor === undefined ? "pages.first" : "pages.later"),
            first: t("pages.toFirst"),
            next: t("pages.next"),
          }}
          onGo={(to) => void navigate({ search: (before) => ({ ...before, [place]: to }) })}
        />
      )}
    </>
  );
}
