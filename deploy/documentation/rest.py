"""The REST reference as Markdown, from the OpenAPI document."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

Node = Mapping[str, Any]


def rest_reference(document: Node) -> str:
    """List routes by tag with parameters, bodies and answers, then the objects that these name."""
    lines = [
        "# REST API",
        "",
        f"Version {document['info']['version']} of the platform, whose page `/docs` tries it out;",
        "`/openapi.json` is the document that this page is made of.",
    ]
    routes = [
        (method, path, route)
        for path, methods in document["paths"].items()
        for method, route in methods.items()
    ]
    for tag, group in groupby(routes, key=lambda entry: entry[2]["tags"][0]):
        lines += ["", f"## {tag}"]
        for method, path, route in group:
            lines += _route(method, path, route)
    lines += ["", "## Objects"]
    for name, schema in document["components"]["schemas"].items():
        lines += _object(name, schema)
    return "\n".join(lines) + "\n"


def _route(method: str, path: str, route: Node) -> Iterator[str]:
    yield from ("", f"### `{method.upper()} {path}`", "", route.get("description", route["summary"]))
    if parameters := route.get("parameters"):
        yield from ("", "| parameter | in | type | meaning |", "| --- | --- | --- | --- |")
        for one in parameters:
            mark = ", required" if one.get("required") else ""
            yield _row(f"`{one['name']}`", one["in"] + mark, _type(one["schema"]), one.get("description", ""))
    yield from ("", "| message | type | meaning |", "| --- | --- | --- |")
    if body := route.get("requestBody"):
        yield _row("body", _contents(body), "")
    for status, answer in route["responses"].items():
        yield _row(f"`{status}`", _contents(answer), answer["description"])


def _contents(message: Node) -> str:
    return ", ".join(
        f"{_type(content['schema'])} as `{media}`" if content.get("schema") else f"`{media}`"
        for media, content in message.get("content", {}).items()
    )


def _object(name: str, schema: Node) -> Iterator[str]:
    yield from ("", f"### {name}", "", schema.get("description", ""))
    if not (fields := schema.get("properties")):
        yield from ("", _type(schema))
        return
    required = schema.get("required", ())
    yield from ("", "| field | type | meaning |", "| --- | --- | --- |")
    for field, kind in fields.items():
        mark = "" if field in required else " (optional)"
        yield _row(f"`{field}`{mark}", _type(kind), kind.get("description", ""))


def _type(schema: Node) -> str:
    """What a value may be, with its limits, in a table's cell."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if options := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(map(_type, options)))
    if "const" in schema or "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type", "anything")
    if items := schema.get("items"):
        kind = f"array of {_type(items)}"
    elif parts := schema.get("prefixItems"):
        kind = f"array of {', '.join(map(_type, parts))}"
    elif isinstance(values := schema.get("additionalProperties"), dict):
        kind = f"object of {_type(values)}"
    limits = [f"{word} `{schema[key]}`" for key, word in _LIMITS.items() if key in schema]
    return f"{kind} ({', '.join(limits)})" if limits else kind


_LIMITS = {
    "format": "as",
    "pattern": "pattern",
    "minimum": "from",
    "exclusiveMinimum": "above",
    "maximum": "to",
    "minLength": "characters from",
    "maxLength": "characters to",
    "minItems": "entries from",
    "maxItems": "entries to",
    "default": "default",
}


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"
