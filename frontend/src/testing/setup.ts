import "@testing-library/jest-dom/vitest";

import { cleanup, configure } from "@testing-library/react";
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

// A deadline, not a speed: a machine that is busy with other tests takes seconds to draw a view.
configure({ asyncUtilTimeout: 15_000 });

startTranslations("en");
afterEach(cleanup);
