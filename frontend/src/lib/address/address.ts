import { z } from "zod";

/** Parts of an address that a hand may have typed: what does not fit counts as not given. */

/** A text of the address; one that looks like a number arrives as a number. */
export const text = z
  .union([z.string().min(1), z.number().transform(String)])
  .optional()
  .catch(undefined);

/** The words of a comma-separated list that are allowed; anything else in the address counts as not written. */
export function listOf<T extends string>(list: string | undefined, allowed: readonly T[]): T[] {
  const words = new Set(list?.split(","));
  return allowed.filter((word) => words.has(word));
}

/** The list with a word added, or taken out where it was; an empty list leaves the address. */
export function toggled(words: readonly string[], word: string): string | undefined {
  const rest = words.filter((other) => other !== word);
  if (rest.length === words.length) rest.push(word);
  return rest.join(",") || undefined;
}

const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?Z$/;

/** Text; the router has read digits as a number. */
export const textParam = (pattern: RegExp) =>
  z
    .union([z.string(), z.number()])
    .transform(String)
    .pipe(z.string().regex(pattern))
    .optional()
    .catch(undefined);

/** One of a few words. */
export const choiceParam = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.enum(words).optional().catch(undefined);

/** A whole number within bounds. */
export const wholeParam = (least: number, most: number) =>
  z.number().int().min(least).max(most).optional().catch(undefined);

/** A number above zero up to a bound. */
export const positiveParam = (most: number) => z.number().positive().max(most).optional().catch(undefined);

/** A time in UTC, with its Z. */
export const utcParam = () =>
  z
    .string()
    .regex(UTC)
    .refine((text) => !Number.isNaN(Date.parse(text)))
    .optional()
    .catch(undefined);

/** What a field for date and time shows of an address's time. */
export const toField = (time: string | undefined): string =>
  time === undefined ? "" : new Date(time).toISOString().slice(0, 19).replace("T", " ");

/** The address's time of what was typed: a date, with hours and minutes or without, in UTC; undefined if it is none. */
export function fromField(text: string): string | undefined {
  const typed = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?)?$/.exec(text);
  if (!typed) return undefined;
  const time = `${typed[1] ?? ""}T${typed[2] ?? "00:00"}${typed[3] ?? ":00"}Z`;
  const date = new Date(time);
  return !Number.isNaN(date.getTime()) && date.toISOString() === time.replace("Z", ".000Z")
    ? time
    : undefined;
}

export const SATELLITE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$/;
export const MODEL_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
export const NAME_PATTERN = /^[a-z][a-z0-9_]{0,49}$/;
