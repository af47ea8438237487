import { expect, test } from "vitest";

import type { Schemas } from "@/api/client";
import { forecastOf } from "@/features/alerts/data/forecast";

const told = {
  limit: 30,
  expected_at: "2026-11-25T13:00:20Z",
  earliest_at: "2026-11-25T13:00:18Z",
  latest_at: "2026-11-25T13:00:23Z",
};
const event = (change: string, details: Record<string, unknown> | null): Schemas["AlarmEvent"] => ({
  change,
  at: "2026-11-25T13:00:00Z",
  member_at: "2026-11-25T13:00:00Z",
  operator: null,
  key_name: null,
  comment: null,
  details,
});
const raised = event("raised", { value: 15, ...told });

test("what was foretold is that of the raising, and the truth is held against it", () => {
  const returned = event("returned", { value: 2, broken_at: "2026-11-25T13:00:22Z" });
  expect(forecastOf({ events: [event("commented", null), returned, raised] })).toEqual({
    told: expect.objectContaining(told) as unknown,
    brokenAt: "2026-11-25T13:00:22Z",
    lateMs: 2000,
  });
});

test("a forecast that stands has no outcome, one that did not come true says so", () => {
  expect(forecastOf({ events: [raised] })).toMatchObject({ brokenAt: undefined, lateMs: null });
  const returned = event("returned", { broken_at: null });
  expect(forecastOf({ events: [returned, raised] })).toMatchObject({ brokenAt: null, lateMs: null });
  expect(forecastOf({ events: [event("raised_again", { ...told }), returned, raised] })).toMatchObject({
    brokenAt: undefined,
  });
});

test("without its history nothing is known", () => {
  expect(forecastOf({ events: [] })).toEqual({ told: null, brokenAt: undefined, lateMs: null });
});
