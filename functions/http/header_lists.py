"""Headers that are lists of parameters, such as Prefer (RFC 7240) and Forwarded (RFC 7239)."""

import re

# No client needs more, and parsing stays fast whatever the header holds.
_LONGEST = 2048
_ELEMENT = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*+"|")++')
_PARAMETER = re.compile(r'(?:[^";]|"(?:[^"\\]|\\.)*+"|")++')


def read_elements(header: str | None) -> list[list[tuple[str, str]]]:
    """Return a header's elements, each a list of pairs: name (in lower case) and value, empty for a name alone.

    Several headers of one name are one, joined by commas: https://www.rfc-editor.org/rfc/rfc9110#section-5.3. Commas
    and semicolons inside quotes separate nothing. Anything else comes out as names that match nothing.
    """
    if header is None or len(header) > _LONGEST:
        return []
    elements = ([_pair(part) for part in _PARAMETER.findall(element)] for element in _ELEMENT.findall(header))
    return [element for element in elements if element]


def _pair(parameter: str) -> tuple[str, str]:
    name, _, value = parameter.partition("=")
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return name.strip().lower(), value
