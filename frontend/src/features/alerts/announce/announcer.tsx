import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { StatusSymbol } from "@/components/status/status-symbol";
import { Burst, isAtLeast, newAlarmOf, type NewAlarm } from "@/features/alerts/announce/burst";
import { announceSettings, canAnnounce } from "@/features/alerts/announce/settings";
import { canPlaySound, playSound, showNotification } from "@/features/alerts/announce/tell";
import { placeOf, useKindText } from "@/features/alerts/components/alarm-words";
import { useHoldsAlarmLine, useLiveEvent } from "@/lib/live/live-context";

/** Tells of new alarms by sound and notification, in the one tab that holds the line; shows why it can't. */
export function Announcer() {
  const holdsLine = useHoldsAlarmLine();
  const tell = useTell();
  const latest = useRef(tell);
  const burst = useRef<Burst>(undefined);
  useEffect(() => {
    latest.current = tell;
  });
  useEffect(() => () => burst.current?.end(), []);
  useLiveEvent("alarm", (event) => {
    const alarm = newAlarmOf(event);
    if (!alarm || !canAnnounce() || !holdsLine()) return;
    const { sound, notification, severity } = announceSettings();
    if ((!sound && !notification) || !isAtLeast(alarm.severity, severity)) return;
    burst.current ??= new Burst((...told) => latest.current(...told));
    burst.current.add(alarm);
  });
  return <SoundBlocked />;
}

function useTell(): (worst: NewAlarm, count: number, isLoud: boolean) => void {
  const { t } = useTranslation(["alarms", "alerts", "shared"]);
  const kindText = useKindText();
  const navigate = useNavigate();
  return (worst, count, isLoud) => {
    const { sound, notification } = announceSettings();
    if (sound && isLoud && canPlaySound()) void playSound();
    if (!notification) return;
    const severity = t(`shared:severity.${worst.severity}`);
    const name = `${placeOf(worst)} · ${kindText({ ...worst, value: null })}`;
    showNotification(
      t("announce.title", { severity }),
      count === 1 ? name : t("announce.more", { name, number: count - 1 }),
      () => void navigate({ to: "/alerts/$alertId", params: { alertId: worst.alarm_id } }),
    );
  };
}

/** A browser lets a page that was just loaded make no sound: whoever relies on it must know. */
function SoundBlocked() {
  const { t } = useTranslation("alarms");
  const [isBlocked, setBlocked] = useState(
    () => canAnnounce() && announceSettings().sound && !canPlaySound(),
  );
  useEffect(() => {
    if (!isBlocked) return;
    const look = () => setBlocked(!canPlaySound());
    const events = ["pointerup", "keyup"] as const;
    for (const name of events) window.addEventListener(name, look);
    return () => {
      for (const name of events) window.removeEventListener(name, look);
    };
  }, [isBlocked]);
  if (!isBlocked) return null;
  return (
    <div className="lost-banner" role="status">
      <StatusSymbol status="caution" /> {t("announce.blocked")}
    </div>
  );
}
