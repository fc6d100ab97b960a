"""The console's texts, in one place: each language is a catalogue of the same keys.

A text may hold `{names}`, filled in by keyword. Two forms separated by ` | ` are singular and
plural, chosen by `n`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.api.console import (
    words_en,
    words_en_actions,
    words_en_desk,
    words_en_reasons,
    words_zh,
    words_zh_actions,
    words_zh_desk,
    words_zh_reasons,
    words_zh_terms,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CATALOGUES: Final = {
    "en": words_en.EN | words_en_actions.EN | words_en_desk.EN | words_en_reasons.EN,
    "zh": words_zh.ZH
    | words_zh_actions.ZH
    | words_zh_desk.ZH
    | words_zh_reasons.ZH
    | words_zh_terms.ZH,
}
NAMES: Final = {"en": "English", "zh": "中文"}
DEFAULT: Final = "en"
COOKIE: Final = "makegood_language"


class Words:
    """One language's texts."""

    def __init__(self, language: str = DEFAULT) -> None:
        """Take a language's catalogue; English where there is none."""
        self.language = language if language in CATALOGUES else DEFAULT
        self._texts = CATALOGUES[self.language]

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its names filled in; a key without a text shows as its last part."""
        text = self._texts.get(key)
        if text is None:
            return key.rpartition(".")[2].replace("_", " ").replace("-", " ")
        if " | " in text:
            one, many = text.split(" | ", 1)
            text = one if values.get("n") == 1 else many
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Say whether there is a text for this key."""
        return key in self._texts

    @property
    def others(self) -> tuple[tuple[str, str], ...]:
        """The other languages there are: code and own name."""
        return tuple((code, name) for code, name in NAMES.items() if code != self.language)


def chosen(cookies: Mapping[str, str], accepted: str) -> Words:
    """Return the language that was switched to, or the first that the browser asks for."""
    switched = cookies.get(COOKIE, "")
    return Words(switched if switched in CATALOGUES else _preferred(accepted))


def _preferred(accepted: str) -> str:
    """Return the best of `Accept-Language` that there is (RFC 9110, 12.5.4)."""
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:500].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        code = tag.partition("-")[0].lower()
        if code in CATALOGUES:
            weighed.append((-_weight(weight), place, code))
    return min(weighed)[2] if weighed else DEFAULT


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text))) if text else 1.0
    except ValueError:
        return 0.0
