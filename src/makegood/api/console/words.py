"""The console's texts, in one place: a second language is a second catalogue of these keys.

A text may hold `{names}`, filled in by keyword. Two forms separated by ` | ` are singular and
plural, chosen by `n`.
"""

from __future__ import annotations

from typing import Final

from makegood.api.console.words_en import EN

CATALOGUES: Final = {"en": EN}
DEFAULT: Final = "en"


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
