import { expect, test } from "vitest";

import { formatSort, parseSort, sortAlerts } from "@/features/alerts/data/order";
import { anAlert } from "@/features/alerts/testing";

const ids = (alerts: { alert_id: string }[]) => alerts.map(({ alert_id }) => alert_id);

test("without an order, what waits for a person comes first, then the most severe, then the newest", () => {
  const alerts = [
    anAlert({ alert_id: "cleared", state: "cleared", severity: "critical" }),
    anAlert({ alert_id: "old", started_at: "2026-11-25T12:00:00Z" }),
    anAlert({ alert_id: "acknowledged", state: "acknowledged", severity: "critical" }),
    anAlert({ alert_id: "returned", state: "returned" }),
    anAlert({ alert_id: "new" }),
    anAlert({ alert_id: "critical", severity: "critical", started_at: "2026-11-25T10:00:00Z" }),
  ];
  expect(ids(sortAlerts(alerts, null))).toEqual([
    "critical",
    "new",
    "old",
    "returned",
    "acknowledged",
    "cleared",
  ]);
});

test("a missing value stands last in either direction", () => {
  const alerts = [
    anAlert({ alert_id: "none", peak_score: null }),
    anAlert({ alert_id: "low", peak_score: 0.7 }),
    anAlert({ alert_id: "high", peak_score: 0.9 }),
  ];
  expect(ids(sortAlerts(alerts, { id: "peak", desc: false }))).toEqual(["low", "high", "none"]);
  expect(ids(sortAlerts(alerts, { id: "peak", desc: true }))).toEqual(["high", "low", "none"]);
});

test("an order survives the address; a column that does not exist is no order", () => {
  expect(parseSort(formatSort({ id: "peak", desc: true }))).toEqual({ id: "peak", desc: true });
  expect(parseSort(formatSort({ id: "started", desc: false }))).toEqual({ id: "started", desc: false });
  expect(parseSort("toString")).toBeNull();
  expect(parseSort(undefined)).toBeNull();
});
