import pytest

from deploy.self_test import api_key


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        ("", ""),
        ("key-1, key-2", "key-1"),
        ("kim:viewer:key-1,ada:operator:key-2,eve:engineer:key-3", "key-2"),
    ],
)
def test_the_job_is_submitted_with_a_key_that_may(
    monkeypatch: pytest.MonkeyPatch, keys: str, sent: str
) -> None:
    monkeypatch.setenv("API_KEYS", keys)
    assert api_key() == sent
