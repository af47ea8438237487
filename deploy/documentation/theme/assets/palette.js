// Dark or light as the reader chose it, before anything is drawn.
for (const [key, value] of Object.entries(window.__md_get("__palette")?.color ?? {})) {
  document.body.setAttribute(`data-md-color-${key}`, value);
}
