import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";

const PAUSE_MS = 200;

/**
 * A text field whose value lives in the address: what is typed shows and counts at once, the address follows when the
 * hand rests; a value that comes from elsewhere (Back, a link) replaces the field's.
 */
export function useAddressText(
  value: string,
  write: (value: string) => void,
): [typed: string, type: (value: string) => void] {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  const publish = useDebouncedCallback((next: string) => {
    setKnown(next);
    write(next);
  }, PAUSE_MS);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    if (value !== known) {
      setKnown(value);
      setTyped(value);
    }
  }
  const type = (next: string) => {
    setTyped(next);
    publish(next);
  };
  return [typed, type];
}
