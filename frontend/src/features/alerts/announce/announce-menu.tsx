import { Button, Checkbox, NativeSelect, Popover, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import {
  announceSettings,
  canAnnounce,
  keepAnnounceSettings,
  type AnnounceSettings,
} from "@/features/alerts/announce/settings";
import { notificationPermission, playSound, showNotification } from "@/features/alerts/announce/tell";
import { SEVERITIES } from "@/lib/severities";

/** How this browser tells of new alarms. */
export function AnnounceMenu() {
  const { t } = useTranslation("alarms");
  return (
    <Popover position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <Button size="xs" variant="default">
          {t("announce.menu")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown maw={320}>
        {canAnnounce() ? <Choices /> : <Text size="sm">{t("announce.unavailable")}</Text>}
      </Popover.Dropdown>
    </Popover>
  );
}

function Choices() {
  const { t } = useTranslation(["alarms", "shared"]);
  const [settings, setSettings] = useState(announceSettings);
  const [permission, setPermission] = useState(notificationPermission);
  const choose = (changes: Partial<AnnounceSettings>) => {
    const next = { ...announceSettings(), ...changes };
    keepAnnounceSettings(next);
    setSettings(next);
  };
  const chooseNotification = async (isOn: boolean) => {
    if (isOn && permission === "default") setPermission(await Notification.requestPermission());
    choose({ notification: isOn && notificationPermission() === "granted" });
  };
  const test = () => {
    if (settings.sound) void playSound();
    if (settings.notification) showNotification(t("announce.test"), t("announce.testText"), () => undefined);
  };
  return (
    <Stack gap="sm">
      <Checkbox
        label={t("announce.sound")}
        checked={settings.sound}
        onChange={(event) => choose({ sound: event.currentTarget.checked })}
      />
      <Checkbox
        label={t("announce.notification")}
        checked={settings.notification && permission === "granted"}
        disabled={permission === null || permission === "denied"}
        description={permission === "denied" ? t("announce.denied") : undefined}
        onChange={(event) => void chooseNotification(event.currentTarget.checked)}
      />
      <NativeSelect
        label={t("announce.from")}
        value={settings.severity}
        onChange={({ currentTarget: { value } }) =>
          choose({ severity: value as AnnounceSettings["severity"] })
        }
        data={SEVERITIES.map((value) => ({ value, label: t(`shared:severity.${value}`) }))}
      />
      <Button size="xs" variant="default" disabled={!settings.sound && !settings.notification} onClick={test}>
        {t("announce.test")}
      </Button>
      <Text size="xs" c="dimmed">
        {t("announce.hint")}
      </Text>
    </Stack>
  );
}
