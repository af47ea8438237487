import { Alert, Button, Group, Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { RoleButton } from "@/components/controls/role-button";
import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { Empty, Loading } from "@/components/states";
import { useDeadLetters, type Action, type Choice } from "@/features/dead-letters/api/dead-letters";
import { ActionDialog } from "@/features/dead-letters/components/action-dialog";
import { LetterDialog } from "@/features/dead-letters/components/letter-dialog";
import { LetterFilters } from "@/features/dead-letters/components/letter-filters";
import { LetterTable } from "@/features/dead-letters/components/letter-table";
import type { DeadLetterSearch } from "@/features/dead-letters/search";

const route = getRouteApi("/dead-letters");

/** Messages and tasks that could not be used, the newest first. */
export function DeadLettersView() {
  const { t } = useTranslation("dead-letters");
  const search = route.useSearch();
  const page = useDeadLetters(search);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [shown, setShown] = useState<number | null>(null);
  const [action, setAction] = useState<Action | null>(null);
  const choice = useMemo(() => choiceOf(chosen, search), [chosen, search]);
  const choose = useCallback((id: number) => setChosen((before) => toggled(before, id)), []);
  const reasons = page.data?.counts.map(({ reason }) => reason) ?? [];
  const finish = () => {
    setAction(null);
    setChosen(new Set());
  };
  return (
    <Page title={t("title")} controls={<Pages next={page.data?.next_cursor ?? null} />}>
      <Text size="sm">{t("intro")}</Text>
      <LetterFilters reasons={reasons} />
      <Group gap="xs">
        <RoleButton needs="engineer" size="xs" onClick={() => setAction("redrive")}>
          {t("actions.redrive")}
        </RoleButton>
        <RoleButton needs="engineer" size="xs" variant="default" onClick={() => setAction("discard")}>
          {t("actions.discard")}
        </RoleButton>
        <Text size="sm">
          {chosen.size > 0 ? t("actions.chosen", { count: chosen.size }) : t("actions.allOpen")}
        </Text>
      </Group>
      <QueryView query={page} loading={<Loading rows={12} />}>
        {({ letters, problems }) => (
          <>
            {problems.length > 0 && (
              <Alert color="yellow" variant="outline" title={t("missing")} role="alert">
                {problems.join("; ")}
              </Alert>
            )}
            {letters.length > 0 ? (
              <LetterTable letters={letters} chosen={chosen} onChoose={choose} onShow={setShown} />
            ) : (
              <Empty title={t("empty.title")}>
                {Object.values(search).some(Boolean) ? t("empty.filtered") : t("empty.text")}
              </Empty>
            )}
          </>
        )}
      </QueryView>
      {shown !== null && <LetterDialog id={shown} onClose={() => setShown(null)} />}
      {action !== null && <ActionDialog action={action} choice={choice} onClose={finish} />}
    </Page>
  );
}

/** What an action is about: the chosen letters, else all open ones that fit the filters. */
function choiceOf(chosen: ReadonlySet<number>, search: DeadLetterSearch): Choice {
  if (chosen.size > 0) return { ids: [...chosen], everything: false };
  const { source, reason, satellite } = search;
  const isFiltered = [source, reason, satellite].some(Boolean);
  return { source, reason, satellite_id: satellite, everything: !isFiltered };
}

function toggled(before: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const after = new Set(before);
  if (!after.delete(id)) after.add(id);
  return after;
}

function Pages({ next }: { next: string | null }) {
  const { t } = useTranslation("dead-letters");
  const { cursor, ...filters } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Group gap="xs">
      <Button
        size="xs"
        variant="default"
        disabled={cursor === undefined}
        onClick={() => void navigate({ search: filters })}
      >
        {t("pages.newest")}
      </Button>
      <Button
        size="xs"
        variant="default"
        disabled={next === null}
        onClick={() => void navigate({ search: { ...filters, cursor: next ?? undefined } })}
      >
        {t("pages.older")}
      </Button>
    </Group>
  );
}
