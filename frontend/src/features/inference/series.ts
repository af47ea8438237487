/** Reading a series that somebody pasted or uploaded. */

export type Problem =
  | { kind: "notNumber"; line: number; text: string }
  | { kind: "tooFew"; count: number; least: number }
  | { kind: "tooMany"; count: number; most: number }
  | { kind: "notJson"; message: string }
  | { kind: "notSeries" };
export type Reading = { values: number[]; problems: Problem[] };
export type Column = { name: string; values: string[] };

const MAX_PROBLEMS = 5;
const SEPARATORS = /[\s,;]+/;

/** Values of a text: numbers with commas, semicolons, spaces or lines between, or a JSON array of numbers. */
export function readSeries(text: string, bounds: { least: number; most: number }): Reading {
  const trimmed = text.trim();
  if (trimmed === "") return { values: [], problems: [] };
  const found = trimmed.startsWith("[") ? readJson(trimmed) : readWords(text);
  if (found.problems.length > 0) return found;
  const count = found.values.length;
  if (count < bounds.least) return { ...found, problems: [{ kind: "tooFew", count, least: bounds.least }] };
  if (count > bounds.most) return { ...found, problems: [{ kind: "tooMany", count, most: bounds.most }] };
  return found;
}

function readWords(text: string): Reading {
  const values: number[] = [];
  const problems: Problem[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    for (const word of line.split(SEPARATORS)) {
      if (word === "") continue;
      const value = Number(word);
      if (Number.isFinite(value)) values.push(value);
      else problems.push({ kind: "notNumber", line: index + 1, text: word.slice(0, 30) });
    }
  });
  return { values, problems: problems.slice(0, MAX_PROBLEMS) };
}

function readJson(text: string): Reading {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return {
      values: [],
      problems: [{ kind: "notJson", message: error instanceof Error ? error.message : "" }],
    };
  }
  if (!Array.isArray(parsed) || !parsed.every((value) => typeof value === "number"))
    return { values: [], problems: [{ kind: "notSeries" }] };
  return { values: parsed, problems: [] };
}

/** Columns of an uploaded CSV file; the first row names them where it holds a word that is no number. */
export function readColumns(text: string): Column[] {
  const rows = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line) => line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")));
  const first = rows[0];
  if (!first) return [];
  const isNamed = first.some((cell) => cell === "" || !Number.isFinite(Number(cell)));
  const body = isNamed ? rows.slice(1) : rows;
  return first.map((cell, index) => ({
    name: isNamed && cell !== "" ? cell : String(index + 1),
    values: body.map((row) => row[index] ?? ""),
  }));
}

/** Columns that begin with a number: those that may hold a series. */
export const numericColumns = (columns: readonly Column[]): Column[] =>
  columns.filter(
    ({ values }) => values[0] !== undefined && values[0] !== "" && Number.isFinite(Number(values[0])),
  );
