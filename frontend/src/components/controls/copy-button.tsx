import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

const SHOWN_MS = 2_000;

/** Copies a text; where the browser allows that only over HTTPS, it says to mark the text by hand. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation("shared");
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = () => void write(text).then((isCopied) => setOutcome(isCopied ? "copied" : "refused"));
  return (
    <Button size="xs" variant="default" onClick={copy} aria-live="polite">
      {outcome === null ? (label ?? t("copy.copy")) : t(`copy.${outcome}`)}
    </Button>
  );
}

async function write(text: string): Promise<boolean> {
  if (!("clipboard" in navigator)) return false;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // The browser or its user refuses: the button says so.
  }
}
