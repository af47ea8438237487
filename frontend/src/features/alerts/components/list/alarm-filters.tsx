import { Button, NativeSelect, Select } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useMission } from "@/api/get-mission";
import { useSubsystemName } from "@/components/subsystem-name";
import { useSatelliteNames } from "@/features/alerts/api/list-satellites";
import { searchSchema, type AlarmSearch } from "@/features/alerts/search";
import { GROUPS, KINDS, areUnresolved, RANGES } from "@/features/alerts/states";
import { listOf, toggled } from "@/lib/address/address";
import { operatorName } from "@/lib/operator-name";
import { SEVERITIES } from "@/lib/severities";

const route = getRouteApi("/alerts");
const FILTERS = ["state", "kind", "severity", "satellite", "subsystem", "owner", "chattering"] as const;

/** Which alarms are shown; each choice is in the address. */
export function AlarmFilters() {
  const { t } = useTranslation("alerts");
  const search = route.useSearch();
  const subsystemName = useSubsystemName();
  const subsystems = useMission().data?.subsystems.map(({ name }) => name) ?? [];
  const choose = useChoose();
  return (
    <div className="alert-filters">
      <StateFilter />
      <SatelliteFilter />
      <Choice
        name="severity"
        words={SEVERITIES}
        label={(word) => t("filter.atLeast", { severity: t(`severity.${word}`, { ns: "shared" }) })}
      />
      <Choice name="kind" words={KINDS} label={(word) => t(`kind.${word}`)} />
      <Choice name="subsystem" words={subsystems} label={subsystemName} />
      <Choice name="range" words={Object.keys(RANGES)} label={(range) => t("filter.last", { range })} />
      {areUnresolved(listOf(search.state, GROUPS)) && (
        <NativeSelect
          size="xs"
          aria-label={t("filter.order")}
          value={search.order ?? ""}
          onChange={({ currentTarget: { value } }) => choose({ order: value || null })}
          data={[
            { value: "", label: t("filter.urgency") },
            { value: "newest", label: t("filter.newest") },
          ]}
        />
      )}
      <Chattering />
      <Mine />
      {FILTERS.some((name) => search[name]) && (
        <Button
          size="xs"
          variant="subtle"
          onClick={() => choose(Object.fromEntries(FILTERS.map((name) => [name, null])))}
        >
          {t("filter.clear")}
        </Button>
      )}
    </div>
  );
}

/** One of a few words, or any. */
function Choice<Word extends string>({
  name,
  words,
  label,
}: {
  name: "severity" | "kind" | "subsystem" | "range";
  words: readonly Word[];
  label: (word: Word) => string;
}) {
  const { t } = useTranslation("alerts");
  const chosen = route.useSearch()[name];
  const choose = useChoose();
  return (
    <NativeSelect
      size="xs"
      aria-label={t(`filter.${name}`)}
      value={chosen ?? ""}
      onChange={({ currentTarget: { value } }) => choose({ [name]: value || null })}
      data={[
        { value: "", label: `${t(`filter.${name}`)}: ${t("filter.any")}` },
        ...words.map((word) => ({ value: word, label: label(word) })),
      ]}
    />
  );
}

/** Alarms that come and go too often to be acted on. */
function Chattering() {
  const { t } = useTranslation("alerts");
  const { chattering } = route.useSearch();
  const choose = useChoose();
  return (
    <Button
      size="xs"
      variant="default"
      className="alert-toggle"
      aria-pressed={chattering !== undefined}
      onClick={() => choose({ chattering: chattering === undefined ? "only" : null })}
    >
      {t("filter.chattering")}
    </Button>
  );
}

/** Alarms that are assigned to who acted last in this browser. */
function Mine() {
  const { t } = useTranslation("alerts");
  const { owner } = route.useSearch();
  const choose = useChoose();
  const name = owner ?? operatorName();
  return (
    <Button
      size="xs"
      variant="default"
      className="alert-toggle"
      aria-pressed={owner !== undefined}
      disabled={name === ""}
      title={name === "" ? t("filter.noName") : undefined}
      onClick={() => choose({ owner: owner === undefined ? name : null })}
    >
      {name === "" ? t("filter.mine") : t("filter.assignedTo", { name })}
    </Button>
  );
}

function SatelliteFilter() {
  const { t } = useTranslation("alerts");
  const { satellite } = route.useSearch();
  const satellites = useSatelliteNames();
  const choose = useChoose();
  return (
    <Select
      size="xs"
      aria-label={t("filter.satellite")}
      placeholder={t("filter.satellite")}
      data={satellite && !satellites.includes(satellite) ? [satellite, ...satellites] : satellites}
      limit={100}
      value={satellite ?? null}
      onChange={(value) => choose({ satellite: value })}
      searchable
      clearable
    />
  );
}

function StateFilter() {
  const { t } = useTranslation("alerts");
  const groups = listOf(route.useSearch().state, GROUPS);
  const choose = useChoose();
  return (
    <div role="group" aria-label={t("states")} className="alert-states">
      {GROUPS.map((word) => (
        <Button
          key={word}
          size="xs"
          variant="default"
          className="alert-toggle"
          aria-pressed={groups.includes(word)}
          onClick={() => choose({ state: toggled(groups, word) ?? null })}
        >
          {t(`state.${word}`)}
        </Button>
      ))}
    </div>
  );
}

/** Returns what changes filters in the address; what is null leaves it, and the list begins at its first page. */
function useChoose() {
  const navigate = route.useNavigate();
  return (changes: Partial<Record<keyof AlarmSearch, string | null>>) =>
    void navigate({
      search: (before) => searchSchema.parse({ ...before, cursor: null, apart: null, ...changes }),
      replace: true,
    });
}
