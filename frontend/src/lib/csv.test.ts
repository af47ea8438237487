import { expect, test } from "vitest";

import { toCsv } from "@/lib/csv";

test("a missing value is an empty cell, never a zero", () => {
  expect(
    toCsv(
      ["time", "value"],
      [
        ["2026-01-01 00:00:00", null],
        ["2026-01-01 00:00:01", 0],
      ],
    ),
  ).toBe("time,value\r\n2026-01-01 00:00:00,\r\n2026-01-01 00:00:01,0\r\n");
});

test("quotes, commas and lines survive, and nothing looks like a formula", () => {
  expect(toCsv(["comment"], [['say "no", twice'], ["=HYPERLINK(1)"], [-4]])).toBe(
    'comment\r\n"say ""no"", twice"\r\n\'=HYPERLINK(1)\r\n-4\r\n',
  );
});
