import { Link } from "@tanstack/react-router";
import type { KeyboardEvent, ReactNode } from "react";

const STEPS: Partial<Record<string, (place: number, count: number) => number>> = {
  ArrowDown: (place, count) => Math.min(place + 1, count - 1),
  ArrowUp: (place) => Math.max(place - 1, 0),
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** Opens an alert from a list; the whole row is its target, and the arrow keys lead to the next row's. */
export function AlertLink({ alertId, children }: { alertId: string; children: ReactNode }) {
  return (
    <Link
      to="/alerts/$alertId"
      params={{ alertId }}
      className="alert-link"
      preload={false}
      onKeyDown={moveBetweenRows}
    >
      {children}
    </Link>
  );
}

function moveBetweenRows(event: KeyboardEvent<HTMLAnchorElement>) {
  const step = STEPS[event.key];
  const list = event.currentTarget.closest("tbody, ul");
  if (!step || !list) return;
  event.preventDefault();
  const links = [...list.querySelectorAll<HTMLAnchorElement>("a.alert-link")];
  links[step(links.indexOf(event.currentTarget), links.length)]?.focus();
}
