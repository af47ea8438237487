import "@testing-library/jest-dom/vitest";

import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

import { startTranslations } from "@/app/i18n";

// jsdom lays nothing out: what Mantine asks of the browser has no size and no match.
window.matchMedia = (query) =>
  ({
    matches: false,
    media: query,
    addEventListener() {},
    removeEventListener() {},
  }) as unknown as MediaQueryList;
Object.defineProperty(document, "fonts", { value: new EventTarget() });
window.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

startTranslations("en");
afterEach(cleanup);
