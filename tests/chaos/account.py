"""What became of what was sent: differences of sets, in the words of the reliability tests of brokers."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One kind of effect: what the ledger demands of it, and what was found."""

    demanded: int
    effective: int
    """Demanded and found."""
    duplicate: int
    """Found again, beyond the first."""
    lost: int
    """Demanded and not found."""
    unexpected: int
    """Found and not demanded."""
    amiss: tuple[str, ...] = ()
    """Names of the first few lost and unexpected ones."""

    @property
    def is_settled(self) -> bool:
        """Nothing is missing and nothing is there that must not be."""
        return not self.lost and not self.unexpected


def settle(
    demanded: Iterable[Hashable], found: Iterable[Hashable], allowed: Iterable[Hashable] = ()
) -> Account:
    """Compare what must be there with what is there; `allowed` may be there already, and need not."""
    wanted, counted = set(demanded), Counter(found)
    lost = wanted - counted.keys()
    unexpected = counted.keys() - wanted - set(allowed)
    return Account(
        demanded=len(wanted),
        effective=len(wanted & counted.keys()),
        duplicate=sum(counted.values()) - len(counted),
        lost=len(lost),
        unexpected=len(unexpected),
        amiss=(*_first("lost", lost), *_first("unexpected", unexpected)),
    )


def describe(accounts: Mapping[str, Account]) -> str:
    """Say in one line what is amiss, or how much was settled."""
    wrong = {name: account for name, account in accounts.items() if not account.is_settled}
    if not wrong:
        return ", ".join(f"{account.effective} {name}" for name, account in accounts.items())
    return "; ".join(
        f"{name}: {account.lost} lost, {account.unexpected} unexpected ({', '.join(account.amiss)})"
        for name, account in wrong.items()
    )


def _first(word: str, things: Iterable[Hashable]) -> list[str]:
    return [f"{word} {thing}" for thing in sorted(map(str, things))[:MOST_NAMED]]
