import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  NativeSelect,
  Text,
  VisuallyHidden,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, Outlet } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { ApiKeyDialog } from "@/app/api-key-dialog";
import { chooseLanguage, LANGUAGES } from "@/app/i18n";
import { useTabIcon } from "@/app/tab-icon";
import { WaitingCount } from "@/components/page";
import { StatusSymbol, type Status } from "@/components/status/status-symbol";
import { Announcer } from "@/features/alerts/announce/announcer";
import { useWaitingCount } from "@/features/alerts/api/count-waiting";
import { useLiveState, useServerNow } from "@/lib/live/live-context";
import { formatUtc, formatUtcClock } from "@/lib/time";

import { version } from "../../package.json";

const VIEWS = [
  { to: "/", name: "fleet" },
  { to: "/alerts", name: "alerts" },
  { to: "/shift", name: "shift" },
  { to: "/performance", name: "performance" },
  { to: "/limits", name: "limits" },
  { to: "/jobs", name: "jobs" },
  { to: "/inference", name: "inference" },
  { to: "/search", name: "search" },
  { to: "/pipeline", name: "pipeline" },
  { to: "/dead-letters", name: "deadLetters" },
] as const;

/** What stays while views change: navigation, the state of the live line, the clock, language and theme. */
export function Shell() {
  const { t } = useTranslation("app");
  const [isMenuOpen, menu] = useDisclosure(false);
  const { colorScheme } = useMantineColorScheme();
  const waiting = useWaitingCount();
  useTabIcon(waiting);
  useEffect(() => {
    document.documentElement.classList.toggle("light-theme", colorScheme === "light");
  }, [colorScheme]);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 164, breakpoint: "sm", collapsed: { mobile: !isMenuOpen } }}
      padding="md"
    >
      <a className="skip-link" href="#content">
        {t("skip")}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={isMenuOpen}
            onClick={menu.toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={t("navigation")}
          />
          <Text fw={700} className="product">
            {t("product")}
          </Text>
          <LiveLamp />
          <Clock />
          <LanguageChoice />
          <ThemeChoice />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t("navigation")}>
        <Views waiting={waiting} onChoose={menu.close} />
        <DocumentationLink />
        <Text size="xs" px={15} mt="auto" className="dimmed">
          {t("version", { version })}
        </Text>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <LostBanner />
        <Announcer />
        <WaitingCount value={waiting}>
          <Outlet />
        </WaitingCount>
      </AppShell.Main>
      <ApiKeyDialog />
    </AppShell>
  );
}

function Views({ waiting, onChoose }: { waiting: string | null; onChoose: () => void }) {
  const { t } = useTranslation("app");
  return VIEWS.map(({ to, name }) => (
    <Link
      key={to}
      to={to}
      className="nav-link"
      activeOptions={{ exact: to === "/", includeSearch: false }}
      onClick={onChoose}
    >
      {t(`nav.${name}`)}
      {name === "alerts" && waiting !== null && <strong className="numeric"> ({waiting})</strong>}
    </Link>
  ));
}

function DocumentationLink() {
  const { t } = useTranslation("app");
  return (
    <a className="nav-link" href={t("documentation.address")} target="_blank" rel="noopener">
      {t("documentation.title")}
      <span aria-hidden> ↗</span>
      <VisuallyHidden> ({t("documentation.newTab")})</VisuallyHidden>
    </a>
  );
}

const LAMPS: Record<"live" | "connecting" | "lost", Status> = {
  live: "normal",
  connecting: "standby",
  lost: "critical",
};

function LiveLamp() {
  const { t } = useTranslation("app");
  const { state } = useLiveState();
  return (
    <span className="live-lamp" role="status" data-live={state}>
      <StatusSymbol status={LAMPS[state]} /> {t(`live.${state}`)}
    </span>
  );
}

function LostBanner() {
  const { t } = useTranslation("app");
  const { state, lostAt } = useLiveState();
  if (state !== "lost" || lostAt === null) return null;
  return (
    <div className="lost-banner" role="alert">
      <StatusSymbol status="critical" /> {t("lost", { time: formatUtcClock(lostAt) })}
    </div>
  );
}

function Clock() {
  const now = useServerNow();
  return (
    <time className="clock" dateTime={new Date(now).toISOString()}>
      {formatUtc(now)} UTC
    </time>
  );
}

function LanguageChoice() {
  const { t, i18n } = useTranslation("app");
  return (
    <NativeSelect
      size="xs"
      className="language-choice"
      aria-label={t("language")}
      value={i18n.language}
      onChange={(event) => chooseLanguage(event.currentTarget.value)}
      data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
    />
  );
}

function ThemeChoice() {
  const { t } = useTranslation("app");
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const next = colorScheme === "dark" ? "light" : "dark";
  const label = next === "light" ? t("theme.toLight") : t("theme.toDark");
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(next)}
    >
      <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden>
        <path d="M8 1a7 7 0 1 0 0 14Z" />
        <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" />
      </svg>
    </ActionIcon>
  );
}
