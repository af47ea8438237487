// What the theme's own scripts expect. The theme has it within each page, where the platform's policy allows no script.
const siteScope = new URL("..", document.currentScript.src);
window.__md_scope = siteScope;
window.__md_get = (key, store = localStorage, scope = siteScope) => JSON.parse(store.getItem(`${scope.pathname}.${key}`));
window.__md_set = (key, value, store = localStorage, scope = siteScope) => {
  try {
    store.setItem(`${scope.pathname}.${key}`, JSON.stringify(value));
  } catch {
    // A browser may forbid it: then the choice holds for this page only.
  }
};
