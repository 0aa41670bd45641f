"""Instructions for joining: the block in an invitation, and joinInformation in several languages."""

import html
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus

TOLL_NUMBER: Final = "+1 323-555-0166"
TOLL_FREE_NUMBER: Final = "+1 844-555-0166"
PREVIEW_LENGTH: Final = 255

_THREE_DIGITS: Final = re.compile(r"\d{1,3}")
_ESCAPE: Final = re.compile(r"%[0-9a-f]{2}")
_TEMPLATES: Final = Path(__file__).parent / "templates"
_DIALIN_PAGE: Final = "1f9a0550-737c-41bd-8c7d-4c81dc1c4070"

# In every language: what the sentences of joinInformation say, and the tag that the options link carries.
_SENTENCES: Final = ("join", "toll_note", "conference_label", "local_numbers", "reset_pin", "learn_more", "options")
_LANGUAGES: Final = {
    "en": (
        *("Join Microsoft Teams Meeting", "(Toll)", "Conference ID:", "Local numbers", "Reset PIN"),
        *("Learn more about Teams", "Meeting options"),
    ),
    "ja": (
        *("Microsoft Teams 会議に参加", "(有料)", "会議 ID:", "最寄りの国の電話番号を検索", "PIN をリセット"),
        *("Teams の詳細を表示", "会議のオプション"),
    ),
    "de": (
        *("An Microsoft Teams-Besprechung teilnehmen", "(Gebührenpflichtig)", "Konferenz-ID:", "Lokale Nummern"),
        *("PIN zurücksetzen", "Weitere Informationen zu Teams", "Besprechungsoptionen"),
    ),
    "ru": (
        *("Присоединиться к собранию Microsoft Teams", "(платный)", "Код конференции:", "Местные номера"),
        *("Сбросить ПИН-код", "Подробнее о Teams", "Параметры собрания"),  # noqa: RUF001 - Russian
    ),
    "fr": (
        *("Rejoindre la réunion Microsoft Teams", "(Numéro payant)", "ID de conférence :", "Numéros locaux"),
        *("Réinitialiser le code PIN", "En savoir plus sur Teams", "Options de réunion"),
    ),
    "es": (
        *("Unirse a la reunión de Microsoft Teams", "(De pago)", "Id. de conferencia:", "Números locales"),
        *("Restablecer PIN", "Más información sobre Teams", "Opciones de reunión"),
    ),
}
_REGIONS: Final = {"en": "en-US", "ja": "ja-JP", "de": "de-DE", "ru": "ru-RU", "fr": "fr-FR", "es": "es-ES"}


@dataclass(frozen=True, slots=True)
class JoinDetails:
    """Everything that a participant needs."""

    join_url: str
    conference_id: str
    options_url: str
    short_url: str
    join_meeting_id: str
    passcode: str | None

    @property
    def dialin_url(self) -> str:
        """The page with the local telephone numbers."""
        return f"https://dialin.teams.microsoft.com/{_DIALIN_PAGE}?id={self.conference_id}"

    def fields(self) -> dict[str, str]:
        """Return the fields that both templates share."""
        number = self.conference_id
        return {
            "join_url": self.join_url,
            "conference": number,
            "conference_spaced": f"{number[:3]} {number[3:6]} {number[6:]}",
            "toll": TOLL_NUMBER,
            "toll_html": TOLL_NUMBER.replace("+", "&#43;"),
            "dialin": _DIALIN_PAGE,
            "short_url": self.short_url,
            "join_meeting_id_spaced": " ".join(_THREE_DIGITS.findall(self.join_meeting_id)),
            "passcode": self.passcode or "",
        }


def chosen_language(accept_language: str) -> str:
    """Return the supported language that an Accept-Language header prefers.

    RFC 9110, section 12.5.4.
    """
    wanted: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        wanted.append((quality, tag.strip().lower().partition("-")[0]))
    wanted.sort(key=lambda each: -each[0])
    return next((language for quality, language in wanted if quality > 0 and language in _LANGUAGES), "en")


def invitation_block(details: JoinDetails, template: str, *, escaped_otherwise: bool = False) -> str:
    """Return the HTML that Teams puts at the end of an invitation, by one of its templates: `2019`, `2026`, `longLink`.

    The newer ones have the structure of bodies that were read in 2026; the first is the documentation's.
    """
    fields = details.fields() | {"options_url": html.escape(details.options_url + "en-US")}
    if escaped_otherwise:
        fields["join_url"] = _ESCAPE.sub(lambda found: found[0].upper(), fields["join_url"])
    return _template(f"join_block_{template}").format(**fields).replace("\n", "\r\n")


def join_information(details: JoinDetails, language: str) -> dict[str, str]:
    """Return an onlineMeeting's joinInformation: a data URL whose whole text is percent-encoded.

    https://learn.microsoft.com/graph/api/application-post-onlinemeetings
    """
    sentences = dict(zip(_SENTENCES, _LANGUAGES[language], strict=True))
    options = details.options_url + _REGIONS[language]
    text = _template("join_information").format(**details.fields(), **sentences, options_url=options)
    return {"content": quote_plus("data:text/html," + text, safe="'()*!"), "contentType": "Html"}


def html_document(content: str, content_type: str, block: str = "") -> str:
    """Return the body of an event as Exchange stores it: one HTML document, with Teams' block at its end."""
    if content_type == "text":
        content = html.escape(content, quote=False).replace("\r\n", "\n").replace("\n", "<br>\r\n")
    if not content and not block:
        return ""
    if "<html" not in content.lower():
        content = (
            '<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n'
            '<meta content="text/html; charset=us-ascii">\r\n</head>\r\n'
            f"<body>\r\n{content}\r\n</body>\r\n</html>\r\n"
        )
    before, closing, after = content.rpartition("</body>")
    return before + block + closing + after if closing else content + block


def plain_text(document: str) -> str:
    """Return the visible text of an HTML document."""
    text = re.sub(r"(?is)<head\b.*?</head>|<(script|style)\b.*?</\1>", "", document)
    text = re.sub(r"\r?\n *", " ", text)
    text = re.sub(r"(?i) ?<(?:br|/?div|/?p|/tr|/?body|/?html)\b[^>]*> ?", "\n", text)
    text = re.sub(r" +", " ", html.unescape(re.sub(r"<[^>]*>", "", text))).replace("\xa0", " ")
    return "\r\n".join(line.strip() for line in text.split("\n") if line.strip())


@cache
def _template(name: str) -> str:
    return (_TEMPLATES / f"{name}.html").read_text(encoding="utf-8")
