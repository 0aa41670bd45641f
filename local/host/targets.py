"""Request targets as Kestrel and ASP.NET Core read them: the path, its URL for the function, and the query.

https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.http.pathstring.touricomponent and
https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.webutilities.queryhelpers.parsequery
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ENCODED_BUT_SLASH = re.compile(r"(?:%(?!2[Ff])[0-9A-Fa-f]{2})+")
_NOT_FOR_A_PATH = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+")


def decode_path(raw: str) -> str | None:
    """Return a path, percent-decoded once and without dot segments; None for one with a NUL.

    An encoded slash stays encoded, as do bytes that are not UTF-8. The asterisk form stays `*`.
    """
    if not raw.startswith("/"):
        return raw
    path = _ENCODED_BUT_SLASH.sub(_decode, raw)
    if "\0" in path:
        return None
    segments: list[str] = []
    *parents, last = path.split("/")[1:]
    for segment in parents:
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    if last == "..":
        del segments[-1:]
    segments.append("" if last in {".", ".."} else last)
    return "/" + "/".join(segments)


def encode_path(path: str) -> str:
    """Return a decoded path in the form of a URL; what looks percent-encoded stays so."""
    return _NOT_FOR_A_PATH.sub(lambda found: quote(found[0], safe=""), path)


def read_query(raw: str) -> Mapping[str, str]:
    """Return the parameters that have a value, several values of one name joined by commas.

    Names are the same in any case; the last spelling counts.
    """
    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in query_pairs(raw):
        names[name.lower()] = name
        values.setdefault(name.lower(), []).append(value)
    # StringValues.ToString leaves out what is empty
    return {names[key]: ",".join(filter(None, each)) for key, each in values.items() if any(each)}


def query_pairs(raw: str) -> list[tuple[str, str]]:
    """Return every parameter of a query, decoded."""
    pairs = (part.partition("=") for part in raw.split("&") if part)
    return [(_decode_text(name), _decode_text(value)) for name, _, value in pairs]


def _decode_text(text: str) -> str:
    return _ENCODED.sub(_decode, text.replace("+", " "))


def _decode(found: re.Match[str]) -> str:
    """Return percent-encoded bytes as text; those that are not UTF-8 stay encoded."""
    encoded, text = found[0], ""
    while encoded:
        octets = bytes.fromhex(encoded.replace("%", ""))
        try:
            return text + octets.decode()
        except UnicodeDecodeError as error:
            text += octets[: error.start].decode() + encoded[3 * error.start : 3 * error.end]
            encoded = encoded[3 * error.end :]
    return text
