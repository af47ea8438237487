import "@/components/verdicts/judgement.css";
import "@/features/search/search.css";

import { Stack, Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Page } from "@/components/page";
import { ModelsTab } from "@/features/search/components/models-tab";
import { ReadingsTab } from "@/features/search/components/readings-tab";
import { VerdictsTab } from "@/features/search/components/verdicts-tab";
import { WordsTab } from "@/features/search/components/words-tab";
import { TABS } from "@/features/search/search";

const route = getRouteApi("/search");

/** Verdicts of the past, in words and by their fields. */
export function SearchView() {
  const { t } = useTranslation("search");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const choose = (value: string | null) =>
    void navigate({ search: { ...search, tab: TABS.find((tab) => tab === value) } });
  const panels = {
    words: <WordsTab />,
    verdicts: <VerdictsTab search={search} />,
    readings: <ReadingsTab search={search} />,
    models: <ModelsTab />,
  };
  return (
    <Page title={t("title")}>
      <Tabs value={search.tab ?? "words"} onChange={choose} keepMounted={false}>
        <Tabs.List>
          {TABS.map((tab) => (
            <Tabs.Tab key={tab} value={tab}>
              {t(`tabs.${tab}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map((tab) => (
          <Tabs.Panel key={tab} value={tab} pt="md">
            <Stack gap="md">{panels[tab]}</Stack>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
