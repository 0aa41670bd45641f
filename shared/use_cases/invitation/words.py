"""The words of an invitation file in the languages of those who read it.

Another language is one more row: the words are those of Teams' own invitations in that language, where it has them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The words that a file adds.

    Attributes:
        meeting: the default of subject and place.
        join: before the link.
        colon: the separator of a word and its value.
    """

    meeting: str
    join: str
    meeting_id: str
    passcode: str
    telephone: str
    conference_id: str
    colon: str = ": "


_ENGLISH = Words("Online meeting", "Join", "Meeting ID", "Passcode", "Telephone", "Conference ID")
_WORDS = {
    "en": _ENGLISH,
    "de": Words("Onlinebesprechung", "Teilnehmen", "Besprechungs-ID", "Passcode", "Telefon", "Konferenz-ID"),
    "es": Words("Reunión en línea", "Unirse", "Id. de reunión", "Código de acceso", "Teléfono", "Id. de conferencia"),
    "fr": Words(
        "Réunion en ligne",
        "Participer",
        "ID de réunion",
        "Code secret",
        "Téléphone",
        "ID de conférence",
        "\N{NO-BREAK SPACE}: ",
    ),
    "it": Words("Riunione online", "Partecipa", "ID riunione", "Passcode", "Telefono", "ID conferenza"),
    "ja": Words("オンライン会議", "参加", "会議 ID", "パスコード", "電話番号", "電話会議 ID"),
    "nl": Words("Onlinevergadering", "Deelnemen", "Vergadering-id", "Toegangscode", "Telefoon", "Conferentie-id"),
    "pl": Words(
        "Spotkanie online",
        "Dołącz",
        "Identyfikator spotkania",
        "Kod dostępu",
        "Telefon",
        "Identyfikator konferencji",
    ),
    "pt": Words("Reunião online", "Participar", "ID da reunião", "Código de acesso", "Telefone", "ID da conferência"),
    "ru": Words(
        "Собрание по сети",
        "Присоединиться",
        "Идентификатор собрания",
        "Секретный код",
        "Телефон",
        "Идентификатор конференции",
    ),
}


def words_in(language: str | None) -> Words:
    """Return the words for a BCP 47 tag: the longest prefix of it that there are words for, else English.

    https://www.rfc-editor.org/rfc/rfc4647#section-3.4
    """
    parts = (language or "en").lower().split("-")
    prefixes = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((_WORDS[prefix] for prefix in prefixes if prefix in _WORDS), _ENGLISH)
