import { expect, test } from "vitest";
import { z } from "zod";

import {
  choiceParam,
  fromField,
  listOf,
  NAME_PATTERN,
  text,
  textParam,
  toField,
  toggled,
  utcParam,
  wholeParam,
} from "@/lib/address/address";

test("a list from a hand-typed address keeps only the words that exist, once each", () => {
  expect(listOf("b,nonsense,a,a", ["a", "b", "c"])).toEqual(["a", "b"]);
  expect(listOf(undefined, ["a"])).toEqual([]);
});

test("a word is added, then taken out, and an empty list leaves the address", () => {
  expect(toggled(["a"], "b")).toBe("a,b");
  expect(toggled(["a", "b"], "a")).toBe("b");
  expect(toggled(["a"], "a")).toBeUndefined();
});

test("a name of digits stays a name, and what is no text counts as not written", () => {
  const schema = z.object({ satellite: text });
  expect(schema.parse({ satellite: 25544 })).toEqual({ satellite: "25544" });
  expect(schema.parse({ satellite: ["x"] })).toEqual({});
  expect(schema.parse({})).toEqual({});
});

test("what does not fit counts as not given", () => {
  expect(textParam(NAME_PATTERN).parse("No Name")).toBeUndefined();
  expect(choiceParam(["a", "b"]).parse("c")).toBeUndefined();
  expect(wholeParam(1, 9).parse(10)).toBeUndefined();
  expect(wholeParam(1, 9).parse("3")).toBeUndefined();
  expect(utcParam().parse("2026-13-45T00:00:00Z")).toBeUndefined();
  expect(utcParam().parse("2026-01-01T00:00:00+09:00")).toBeUndefined();
});

test("digits that the router read as a number are text again", () => {
  expect(textParam(/^\d+$/).parse(42)).toBe("42");
});

test("a field for date and time is in UTC whatever the machine's zone", () => {
  expect(fromField("2026-03-01T09:30")).toBe("2026-03-01T09:30:00Z");
  expect(toField("2026-03-01T09:30:00Z")).toBe("2026-03-01 09:30:00");
  expect([fromField(""), toField(undefined)]).toEqual([undefined, ""]);
});

test.each([
  ["2026-03-01", "2026-03-01T00:00:00Z"],
  ["2026-03-01 23:59", "2026-03-01T23:59:00Z"],
  ["2026-03-01 23:59:58", "2026-03-01T23:59:58Z"],
  ["2026-02-31", undefined],
  ["2026-03-01 24:01", undefined],
  ["yesterday", undefined],
  ["2026-03-01 11:59 PM", undefined],
])("%s is typed as a time of 24 hours: %s", (text, time) => {
  expect(fromField(text)).toBe(time);
});
