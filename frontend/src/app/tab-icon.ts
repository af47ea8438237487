import { useEffect } from "react";

const PLAIN = "/favicon.svg";
const MOST_SHOWN = 99;

/** The tab's icon tells on every view how many alarms wait (`12`, `10,000+`; null: none), as its title does. */
export function useTabIcon(waiting: string | null): void {
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (icon)
      icon.href = waiting === null ? PLAIN : `data:image/svg+xml,${encodeURIComponent(iconOf(waiting))}`;
  }, [waiting]);
}

/** The satellite of the plain icon, and below it the number, in what 16 pixels can show: 99+ at most. */
export function iconOf(waiting: string): string {
  const count = Number(waiting.replace(/\D/g, ""));
  const shown = count > MOST_SHOWN ? `${MOST_SHOWN}+` : String(count);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="6" fill="#101923"/>
<path d="M3 1h8v8H3zM21 1h8v8h-8zM13 1h6v8h-6z" fill="#4dacff"/>
<rect y="10" width="32" height="22" rx="5" fill="#ff3838"/>
<text x="16" y="28" font-family="sans-serif" font-weight="bold" font-size="20" text-anchor="middle" textLength="${shown.length * 10}" lengthAdjust="spacingAndGlyphs" fill="#000">${shown}</text>
</svg>`;
}
