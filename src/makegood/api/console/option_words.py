"""The options of a decision in words: what would have been done, and to whom it would go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from makegood.clock import MINUTE, from_rfc3339

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from makegood.api.console.sentences import Speaker

_NOTHING: Final = frozenset({"keep", "wait", "nothing", "carry_on", "none"})
_RUNG: Final = re.compile(r"(?:rung|from)-(\d+)")
_TO: Final = "to:"


def option(speak: Speaker, key: str, zone: ZoneInfo) -> str:
    """Return an option by its key, such as `reassign+to:K1`, `from-15` or `wait`, in words."""
    say = speak.say
    if key in _NOTHING:
        return say(f"option.{key}")
    if rung := _RUNG.fullmatch(key):
        late = speak.show.lasting(int(rung[1]) * MINUTE)
        return say("option.rung", late=late)
    told = ""
    for part in key.split("+"):
        joint = "" if not told else " " if part.startswith(_TO) else " + "
        told += joint + _part(speak, part, zone)
    return told


def _part(speak: Speaker, part: str, zone: ZoneInfo) -> str:
    say = speak.say
    if part.startswith(_TO):
        return say("option.to", to=_target(speak, part.removeprefix(_TO), zone))
    if say.has(f"act.{part}"):
        return say(f"short.{part}")
    # In a joint plan an option is the courier who would carry it.
    return say("option.courier", courier=part)


def _target(speak: Speaker, target: str, zone: ZoneInfo) -> str:
    try:
        return speak.show.time(from_rfc3339(target), zone)
    except ValueError:
        return speak.hub(target)
