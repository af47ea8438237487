import { Group, Stack, Title } from "@mantine/core";
import { createContext, useContext, useEffect, type ReactNode } from "react";

/** How many alarms wait for an acknowledgement; null: none. The tab tells it on every view. */
export const WaitingCount = createContext<string | null>(null);

/** The frame of a view: its title (also the tab's), its controls, its content. */
export function Page({
  title,
  controls,
  children,
}: {
  title: string;
  controls?: ReactNode;
  children: ReactNode;
}) {
  const waiting = useContext(WaitingCount);
  useEffect(() => {
    document.title = `${waiting === null ? "" : `(${waiting}) `}${title} · Satellite telemetry`;
  }, [title, waiting]);
  return (
    <Stack gap="md" className="page">
      <Group justify="space-between" align="flex-end" gap="sm">
        <Title order={1} size="h3">
          {title}
        </Title>
        {controls}
      </Group>
      {children}
    </Stack>
  );
}

/** A part of a view under a heading of its own. */
export function Panel({
  title,
  controls,
  children,
}: {
  title?: ReactNode;
  controls?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="panel">
      {title && (
        <header className="panel-header">
          <Title order={2} size="h5">
            {title}
          </Title>
          {controls}
        </header>
      )}
      <div className="panel-body">{children}</div>
    </section>
  );
}
