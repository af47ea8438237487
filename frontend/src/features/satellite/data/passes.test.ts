import { expect, test } from "vitest";

import { contactsOf } from "@/features/satellite/data/passes";
import { isoOf } from "@/features/satellite/data/time-span";

const pass = (start: number, end: number) => ({ start_time: isoOf(start), end_time: isoOf(end) });

test("passes over several stations that overlap or meet are one, so that none is shaded twice", () => {
  const passes = [pass(700, 900), pass(0, 600), pass(300, 500), pass(600, 650), pass(800, 1000)];
  expect(contactsOf(passes)).toEqual([
    { start: 0, end: 650 },
    { start: 700, end: 1000 },
  ]);
  expect(contactsOf([])).toEqual([]);
});
