from operation_server.health.triton import IndexedModel, indexed_models


def field(number: int, content: bytes) -> bytes:
    low, high = len(content) & 0x7F, len(content) >> 7
    return bytes([number << 3 | 2, low | 0x80, high] if high else [number << 3 | 2, low]) + content


def text(number: int, content: str) -> bytes:
    return field(number, content.encode())


def test_repository_index_is_read_with_long_names_and_missing_versions() -> None:
    name = "m" * 200
    ready = text(1, "lstm") + text(2, "1") + text(3, "READY")
    lost = text(1, name) + text(3, "UNAVAILABLE") + text(4, "no file")
    assert indexed_models(field(1, ready) + field(1, lost)) == [
        IndexedModel(model_name="lstm", version="1", is_ready=True),
        IndexedModel(model_name=name, version="", is_ready=False, reason="no file"),
    ]
    assert indexed_models(b"") == []
