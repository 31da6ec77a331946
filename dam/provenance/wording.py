"""The words of visible labels, by law and language. Pure.

The European Code of Practice of June 2026 tells *generated* from *modified* and lets the letters follow the language; its
icons are optional and are not used here. GB 45438-2025 §4.2 asks for "AI" or 人工智能 with 生成 or 合成.
"""

from dataclasses import dataclass

from dam.errors import PolicyError, UsageError
from dam.provenance.statement import SourceType, source_type_of

LOCALES = {
    "en": ("AI", "GENERATED", "MODIFIED"),
    "de": ("KI", "GENERIERT", "BEARBEITET"),
    "fr": ("IA", "GÉNÉRÉ", "MODIFIÉ"),
    "es": ("IA", "GENERADO", "MODIFICADO"),
    "it": ("IA", "GENERATO", "MODIFICATO"),
    "pt": ("IA", "GERADO", "MODIFICADO"),
    "nl": ("AI", "GEGENEREERD", "BEWERKT"),
    "pl": ("AI", "WYGENEROWANO", "ZMODYFIKOWANO"),
    "zh": ("AI", "生成", "修改"),
    "ja": ("AI", "生成", "編集"),
    "ko": ("AI", "생성", "수정"),
}
MAX_TEXT = 60
_GENERATED = (SourceType.TRAINED_ALGORITHMIC_MEDIA, SourceType.TRAINED_ALGORITHMIC_DATA)
_MODIFIED = (SourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA, SourceType.COMPOSITE_SYNTHETIC)


@dataclass(frozen=True, slots=True)
class Style:
    """What a person asked for: eu, cn or text, the language, and the text of one's own."""

    law: str
    locale: str
    text: str = ""

    @property
    def key(self) -> str:
        return f"{self.law}.{self.locale}" if self.law != "text" else "text"


def style_of(label: str, locale: str | None) -> Style:
    """Read `--label eu|cn|text:"..."|tiled:"..."` and `--locale`.

    Raises:
        UsageError: another label, an unknown language, or a text that is empty or too long.
    """
    kind, colon, words = label.partition(":")
    if colon and kind in ("text", "tiled"):
        text = " ".join(words.split())
        if not 0 < len(text) <= MAX_TEXT or not text.isprintable():
            raise UsageError(f"A label's text has 1 to {MAX_TEXT} printable characters.", code="label.bad_text")
        return Style(kind, locale or "", text)
    if label not in ("eu", "cn"):
        raise UsageError(
            f"No label {label!r}.", next_step='Use eu, cn, text:"..." or tiled:"...".', code="label.unknown"
        )
    locale = (locale or ("zh" if label == "cn" else "en")).lower().split("-")[0].split("_")[0]
    if locale not in LOCALES or (label == "cn" and locale != "zh"):
        offered = "zh" if label == "cn" else ", ".join(LOCALES)
        raise UsageError(f"No {label} label in {locale!r}.", next_step=f"Use {offered}.", code="label.no_locale")
    return Style(label, locale)


def words_of(style: Style, source_type: str | None, *, ai_generated: bool | None) -> tuple[str, str]:
    """(sign, text) of a label. A text of one's own has no sign.

    Raises:
        PolicyError: code "label.not_ai": nothing says that a model made or changed the file.
    """
    if style.law in ("text", "tiled"):
        return "", style.text
    named = source_type_of(source_type)
    if named not in (*_GENERATED, *_MODIFIED) and not ai_generated:
        raise PolicyError(
            "Nothing says that this file was made or changed by AI, so it gets no such label.",
            next_step='If a person knows better: --label text:"..."',
            code="label.not_ai",
        )
    modified = named in _MODIFIED
    if style.law == "cn":
        return "", "AI合成" if modified else "AI生成"
    sign, generated, changed = LOCALES[style.locale]
    return sign, changed if modified else generated
