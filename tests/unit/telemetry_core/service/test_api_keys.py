import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telemetry_core.service.api_keys import ROLES, ApiKey, Role, may, parse_api_keys
from telemetry_core.service.settings import Settings

names = st.from_regex(r"\w[\w .@-]{0,98}\w", fullmatch=True)
secrets = st.from_regex(r"[A-Za-z0-9._~+/=-]{1,40}", fullmatch=True)


def test_a_key_without_a_role_is_an_engineers_as_before_there_were_roles() -> None:
    keys = parse_api_keys(" b7e2f09c41d8a365, Zk3-vT9_qL.x7~Wm ,")
    assert [(key.name, key.role) for key in keys] == [(None, "engineer")] * 2
    assert [key.secret for key in keys] == ["b7e2f09c41d8a365", "Zk3-vT9_qL.x7~Wm"]
    assert parse_api_keys("") == []


@given(name=names, role=st.sampled_from(ROLES), secret=secrets, gap=st.sampled_from(["", " ", "  "]))
def test_a_key_is_read_as_it_was_written(name: str, role: Role, secret: str, gap: str) -> None:
    text = f"spare:engineer:spare-{secret},{gap}{name}{gap}:{gap}{role}{gap}:{gap}{secret}{gap}"
    assert parse_api_keys(text)[1] == ApiKey(name=name, role=role, secret=secret)


def test_each_role_may_do_what_those_before_it_may() -> None:
    allowed = {role: [needed for needed in ROLES if may(role, needed)] for role in ROLES}
    assert allowed == {
        "viewer": ["viewer"],
        "operator": ["viewer", "operator"],
        "engineer": ["viewer", "operator", "engineer"],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kim:admin:secret-1", "key 1 must read NAME:ROLE:KEY"),
        ("kim:Viewer:secret-1", "key 1 must read NAME:ROLE:KEY"),
        ("spare-1,secret-1:operator", "key 2 must read NAME:ROLE:KEY"),
        ("spare-1,secret-1:kim:operator", "viewer, operator, engineer"),
        ("kim:operator:secret-1:more", "key 1 must read NAME:ROLE:KEY"),
        ("kim:operator:", "key 1: a key may contain only"),
        (":operator:secret-1", "key 1: a name may contain only"),
        ("kim;drop:operator:secret-1", "key 1: a name may contain only"),
        (f"{'k' * 101}:operator:secret-1", "key 1: a name may contain only"),
        ("kim:viewer:secret-1,ada:operator:secret-1", "two names or roles"),
        ("kim:viewer:secret-1,secret-1", "two names or roles"),
        ("kim:viewer:secret-1", "all keys are viewers'"),
    ],
)
def test_a_wrong_key_is_told_by_its_number_and_keeps_its_secret(text: str, said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings.model_validate({"api_keys": text})
    assert said in str(refusal.value)
    assert "secret-1" not in str(refusal.value)


def test_one_key_twice_is_one_key() -> None:
    assert {key.secret for key in parse_api_keys("secret-1,secret-1")} == {"secret-1"}


def test_the_old_and_the_new_key_of_a_person_are_good_at_once() -> None:
    old, new = parse_api_keys("kim:operator:secret-1,kim:operator:secret-2")
    assert old.name == new.name


def test_a_key_is_not_in_what_is_printed_of_it() -> None:
    assert "secret-1" not in repr(parse_api_keys("kim:operator:secret-1"))
