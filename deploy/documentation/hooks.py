"""MkDocs' events: pages from outside `docs/`, references that are generated, links as the site needs them."""

import json
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from deploy.documentation.pages import PACKAGES, as_site, foreign_assets, outside_files, page_of
from deploy.documentation.rest import rest_reference
from deploy.release import project_version

ROOT = Path(__file__).parents[2]
OUTSIDE = outside_files(ROOT)
ASSETS = {
    "assets/mermaid.js": "frontend/node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js",
    "assets/favicon.svg": "frontend/public/favicon.svg",
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Tell at the foot of each page which version it describes."""
    config.copyright = f"Version {project_version(ROOT)}"
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what `docs/` does not hold."""
    sources = ASSETS | {page_of(path, OUTSIDE) or path: path for path in OUTSIDE}
    for uri, path in sources.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    document = json.loads((ROOT / ".native" / "openapi.json").read_text(encoding="utf-8"))
    files.append(File.generated(config, "reference/rest.md", content=rest_reference(document)))
    for package in PACKAGES:
        files.append(File.generated(config, f"reference/{package}.md", content=f"::: {package}\n"))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001  # MkDocs' signature
    """Write the page as the converter needs it."""
    path = Path(page.file.abs_src_path or "")
    return (
        as_site(markdown, page.file.src_uri, path.relative_to(ROOT).as_posix(), OUTSIDE)
        if path.name
        else markdown
    )


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001  # MkDocs' signature
    """Refuse a page that would load something from another host."""
    if foreign := list(foreign_assets(output)):
        raise PluginError(f"{page.file.src_uri} loads from another host: {', '.join(foreign)}")
    return output
