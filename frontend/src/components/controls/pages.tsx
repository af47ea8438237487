import { Button, Group, Text } from "@mantine/core";

/** Leads from page to page of a list that the server keeps: back to its first one, or on behind the last row. */
export function Pages({
  cursor,
  next,
  words,
  onGo,
}: {
  /** Where the shown page begins; undefined: it is the first. */
  cursor: string | undefined;
  /** Where the next one begins; null: there is none. */
  next: string | null;
  words: { here: string; first: string; next: string };
  onGo: (cursor: string | undefined) => void;
}) {
  return (
    <Group gap="xs">
      <Text size="sm" className="dimmed">
        {words.here}
      </Text>
      <Button size="xs" variant="default" disabled={cursor === undefined} onClick={() => onGo(undefined)}>
        {words.first}
      </Button>
      <Button size="xs" variant="default" disabled={next === null} onClick={() => onGo(next ?? undefined)}>
        {words.next}
      </Button>
    </Group>
  );
}
