import { z } from "zod";

import { KINDS, RANGES, type Range } from "@/features/alerts/states";
import { SEVERITIES } from "@/lib/severities";
import { choiceParam, text, textParam } from "@/lib/address/address";

const CURSOR = /^[!-~]{1,400}$/;

/** State of the view that its address holds: `state` is words with commas between; `severity` the least one. */
export const searchSchema = z.object({
  state: text,
  kind: choiceParam(KINDS),
  severity: choiceParam(SEVERITIES),
  satellite: text,
  subsystem: text,
  owner: text,
  chattering: choiceParam(["only"]),
  range: choiceParam(Object.keys(RANGES) as [Range, ...Range[]]),
  order: choiceParam(["newest"]),
  /** Where the page begins, of the list and of that of silent satellites; none: at the first alarm. */
  cursor: textParam(CURSOR),
  apart: textParam(CURSOR),
});
export type AlarmSearch = z.output<typeof searchSchema>;
