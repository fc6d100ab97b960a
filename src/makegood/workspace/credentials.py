"""Which tools are handed which credential: what pays back money is one tool's, and no other's.

A credential is a system's, and the runtime hands it to each adapter that names the system. So an
adapter that poses as one for coupons could reach what pays back, if it named that system, or if
its own were given the same credential.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from makegood.domain.effects import Capability

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from makegood.domain.effects import AdapterFacts, Connection

_PAYS_BACK: Final = Capability.PAYS_BACK


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a credential, and how to mend it; `refused`: nothing may start with it."""

    system: str
    what: str
    mend: str
    refused: bool = False


def troubles(
    adapters: Iterable[AdapterFacts],
    connections: Iterable[Connection],
    reads: Iterable[Connection] = (),
) -> tuple[Trouble, ...]:
    """Return what is wrong between adapters and the systems they are given, the worst first.

    `reads` are the systems that tools read from: agents call those.
    """
    named: dict[str, list[AdapterFacts]] = defaultdict(list)
    for facts in sorted(adapters, key=lambda each: each.name):
        named[facts.system].append(facts)
    given = sorted(connections, key=lambda each: each.system)
    found = [trouble for each in given for trouble in _of_one(each, named.get(each.system, []))]
    found += _same(given, named, [*given, *sorted(reads, key=lambda each: each.system)])
    missing = sorted(named.keys() - {each.system for each in given}) if given else []
    found += [_unconnected(system, named[system]) for system in missing]
    return tuple(sorted(found, key=lambda each: (not each.refused, each.system)))


def _of_one(connection: Connection, named: list[AdapterFacts]) -> Iterator[Trouble]:
    system, bound = connection.system, connection.capability
    variable = f"MAKEGOOD_EFFECTS__{system.upper()}"
    if not named:
        what = f"no tool names {system!r}, and it has a place among the effects"
        yield Trouble(system, what, f"unset {variable}__URL and what else is set for it")
    for facts in named:
        if bound is not None and facts.capability is not bound:
            what = (
                f"adapter {facts.name!r} declares {facts.capability}; the credential of"
                f" {system!r} is for {bound} alone"
            )
            yield Trouble(system, what, "give the adapter a system of its own", refused=True)
    pays_back = any(facts.capability is _PAYS_BACK for facts in named)
    if pays_back and bound is None:
        what = f"the credential of {system!r}, which pays back, is bound to no capability"
        yield Trouble(system, what, f"set {variable}__CAPABILITY={_PAYS_BACK}")
    if len(named) > 1:
        who = ", ".join(facts.name for facts in named)
        what = f"the credential of {system!r} is handed to {len(named)} tools: {who}"
        mend = "give each a system of its own, where the outside knows more than one credential"
        yield Trouble(system, what, mend, refused=pays_back)


def _same(
    given: list[Connection], named: Mapping[str, list[AdapterFacts]], handed: list[Connection]
) -> Iterator[Trouble]:
    """Find the credential that pays back where it is handed out for anything else."""
    paying = {
        each.credential: each.system
        for each in given
        if each.credential and any(_PAYS_BACK is f.capability for f in named.get(each.system, []))
    }
    for each in handed:
        other = paying.get(each.credential)
        if other and (other != each.system or each not in given):
            what = f"{each.system!r} is given the credential of {other!r}, which pays back"
            yield Trouble(each.system, what, "give each its own", refused=True)


def _unconnected(system: str, named: list[AdapterFacts]) -> Trouble:
    what = f"adapter {named[0].name!r} needs {system!r}, which has no address"
    return Trouble(system, what, f"set MAKEGOOD_EFFECTS__{system.upper()}__URL")
