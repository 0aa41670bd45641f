"""The invitation's body: plain text as it is, HTML cleaned with an allow-list.

Programs recognise what Teams itself puts into an invitation by its classes (`me-email-text`, `me-email-headline`) and
ids; ours does, too. A caller's HTML therefore loses every class and id: a copied or faked join block stays as ordinary
text and links, and nothing mistakes it for Teams' own. Without style sheets, which are removed too, classes and ids
have no use in a mail.
https://learn.microsoft.com/graph/outlook-calendar-online-meetings
"""

import re
from collections import Counter
from typing import Annotated, Literal, NamedTuple

import nh3
from pydantic import ConfigDict, ValidationInfo, field_validator

from shared.validation.closed_model import ClosedModel
from shared.validation.findings import invalid
from shared.validation.text import AnyCase, Text

# An HTML parser repeats a formatting element that is open where a block begins or ends in every block that follows,
# walks up the open elements at every tag, and compares every attribute of a tag with those before it: 35 kB of
# well-chosen tags become 65 MB, 200 kB of <div> or of attributes take seconds. The bounds leave room for 3,000 tags,
# 200 elements deep, with 30 different formatting elements around blocks; one within a block is not repeated.
# https://html.spec.whatwg.org/multipage/parsing.html#the-list-of-active-formatting-elements
MAX_TAGS = 10_000
MAX_COPIES = 100_000
MAX_STEPS = 2_000_000
MAX_ATTRIBUTES = 500
_ATTRIBUTE = r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?+|'[^']*+'?+|[^\s>"'][^\s>]*+)?+)?+"""
_AN_ATTRIBUTE = re.compile(_ATTRIBUTE)
_TAG = re.compile(rf"<(/?)([a-z][^\s/>]*+)((?:{_ATTRIBUTE})*+)", re.ASCII | re.IGNORECASE)
_FORMATTING = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
# The next of their kind ends them, and with them what was opened in between.
_NOT_IN_ITSELF = {"a", "nobr"}
# Of equal formatting elements, the parser repeats the last three.
_MOST_EQUAL = 3
# Elements within a block.
_INLINE = _FORMATTING | {"br", "img", "span", "sub", "sup", "wbr"}
# Elements without contents, and those that the next of their kind ends; not <dd> and <dt>, because <li><dd><li> nests.
_NEVER_DEEP = {
    *("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"),
    *("li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"),
}

_TAGS = (
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl"
    " dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt"
    " ruby s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr"
)
_REMOVED_WITH_CONTENT = (
    "applet audio button canvas datalist embed frameset iframe math noembed noframes noscript object script select"
    " style svg template textarea title video xmp"
)
_CELL = {"align", "bgcolor", "colspan", "headers", "height", "nowrap", "rowspan", "scope", "valign", "width"}
_ATTRIBUTES = {
    "*": {"dir", "lang", "style", "title"},
    "a": {"href", "target"},
    "blockquote": {"cite"},
    "col": {"align", "span", "valign", "width"},
    "colgroup": {"align", "span", "valign", "width"},
    "div": {"align"},
    "font": {"color", "face", "size"},
    "hr": {"align", "color", "noshade", "size", "width"},
    "img": {"align", "alt", "border", "height", "hspace", "src", "vspace", "width"},
    "li": {"type", "value"},
    "ol": {"reversed", "start", "type"},
    "p": {"align"},
    "table": {"align", "bgcolor", "border", "cellpadding", "cellspacing", "height", "rules", "summary", "width"},
    "tbody": {"align", "valign"},
    "td": _CELL,
    "tfoot": {"align", "valign"},
    "th": _CELL,
    "thead": {"align", "valign"},
    "time": {"datetime"},
    "tr": {"align", "bgcolor", "height", "valign"},
    "ul": {"type"},
}
# No position, z-index, opacity or transform: nothing may lie over, or hide, what the mail program or Teams shows.
_STYLES = (
    "background background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width"
    " border-collapse border-color border-left border-left-color border-left-style border-left-width border-radius"
    " border-right border-right-color border-right-style border-right-width border-spacing border-style border-top"
    " border-top-color border-top-style border-top-width border-width caption-side clear color direction display"
    " empty-cells float font font-family font-size font-style font-variant font-weight height letter-spacing"
    " line-height list-style list-style-position list-style-type margin margin-bottom margin-left margin-right"
    " margin-top max-height max-width min-height min-width padding padding-bottom padding-left padding-right"
    " padding-top page-break-after page-break-before table-layout text-align text-decoration text-indent"
    " text-transform vertical-align white-space width word-break word-spacing word-wrap"
)
# Colours are the only functions that a mail needs: url(), image-set() and others load something.
_FUNCTION = re.compile(r"([a-z-]*+)\(", re.IGNORECASE)
_COLOURS = {"rgb", "rgba", "hsl", "hsla"}
_STYLE_THAT_LOADS = re.compile(r"url|expression|import|\\", re.IGNORECASE)
# A negative margin lies over what is beside it; Word's lists have a negative indent, which moves their own text only.
_DECLARATION_THAT_HIDES = re.compile(
    r"(?:(?<=;)|^)\s*+(?:margin[a-z-]*+\s*+:[^;]*?-\s*+[.\d]|display\s*+:[^;]*?none)[^;]*+;?", re.IGNORECASE
)
_SCHEMES = {
    "a": ("http:", "https:", "mailto:", "tel:"),
    "blockquote": ("http:", "https:", "mid:", "cid:"),
    "img": ("http:", "https:", "cid:"),
}
_MAX_ROUNDS = 8
_MOST_NAMES = 10
_LONGEST_NAME = 30
_NEWLINES_IN_PRE = re.compile(r"(<pre(?: [^<>]*)?>)\n+")


type BodyType = Annotated[Literal["text", "html"], AnyCase()]


class Body(ClosedModel):
    """An event's body.

    Attributes:
        content_type: The format of the content; `text` by default.
        content: The content itself.

    https://learn.microsoft.com/graph/api/resources/itembody
    """

    model_config = ConfigDict(title="ItemBody")

    content_type: BodyType = "text"
    content: Text

    @field_validator("content")
    @classmethod
    def _clean(cls, content: str, info: ValidationInfo) -> str:
        return clean_html(content) if info.data.get("content_type") == "html" else content


def clean_html(html: str) -> str:
    """Return `html` with nothing but what a mail may show; cleaning it again changes nothing.

    Raises:
        PydanticCustomError: `tooComplex`: it would take seconds, or gigabytes, to parse.
    """
    for _ in range(_MAX_ROUNDS):
        _check_complexity(html)
        # Parsing drops one newline after <pre>, so that each round would find another.
        cleaned = _NEWLINES_IN_PRE.sub(r"\1", _CLEANER.clean(html))
        if cleaned == html:
            return html
        html = cleaned
    # Markup that every parse reads differently is not kept; its text is.
    return _TEXT_ONLY.clean(html)


def removed_names(before: str, after: str) -> list[str]:
    """Return the first few elements, as `<script>`, and attributes that HTML has less of after it was cleaned."""
    if before == after:
        return []
    less = _names(before) - _names(after)
    return [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..." for name in sorted(less)][:_MOST_NAMES]


def _names(html: str) -> Counter[str]:
    found = Counter[str]()
    for closing, name, attributes in _TAG.findall(html):
        if not closing:
            found[f"<{name.lower()}>"] += 1
            found.update(
                re.split(r"[\s=/]", each.strip("\t\n\f\r /"), maxsplit=1)[0].lower()
                for each in _AN_ATTRIBUTE.findall(attributes)
            )
    return found


class Complexity(NamedTuple):
    """What HTML costs a parser, or more: an end tag that does not match the last start tag is ignored.

    Attributes:
        tags: the start tags.
        steps: at each tag as many as there are open elements.
        copies: at each tag as many as there are formatting elements that the parser may repeat.
    """

    tags: int
    steps: int
    copies: int


def complexity(html: str) -> Complexity:
    """Return the complexity of HTML.

    Raises:
        PydanticCustomError: `tooComplex`: a tag has too many attributes.
    """
    tags = steps = copies = repeated = 0
    open_elements: list[str] = []
    opened: list[tuple[str, str]] = []  # the formatting elements since the last tag that may have closed some
    equal = Counter[tuple[str, str]]()
    active = Counter[str]()
    for closing, name, attributes in _TAG.findall(html):
        element = name.lower()
        fits = bool(open_elements) and open_elements[-1] == element
        if element not in _INLINE or (not fits if closing else element in _NOT_IN_ITSELF and active[element]):
            for each in opened:
                equal[each] += 1
                repeated += equal[each] <= _MOST_EQUAL
            opened.clear()
        steps += len(open_elements)
        copies += repeated
        if closing:
            if fits:
                open_elements.pop()
                if element in _FORMATTING and opened:
                    opened.pop()
                    active[element] -= 1
            continue
        tags += 1
        if element not in _NEVER_DEEP:
            open_elements.append(element)
        if element in _FORMATTING:
            opened.append((element, attributes))
            active[element] += 1
        if len(attributes) > MAX_ATTRIBUTES and len(_AN_ATTRIBUTE.findall(attributes)) > MAX_ATTRIBUTES:
            raise invalid("tooComplex", f"has a tag with more than {MAX_ATTRIBUTES} attributes")
    return Complexity(tags, steps, copies)


def _check_complexity(html: str) -> None:
    """Refuse HTML that a parser takes too long for."""
    tags, steps, copies = complexity(html)
    if tags > MAX_TAGS:
        raise invalid("tooComplex", f"has {tags} tags, more than can be cleaned")
    if steps > MAX_STEPS:
        raise invalid("tooComplex", f"nests its {tags} tags deeper than can be cleaned")
    if copies > MAX_COPIES:
        raise invalid("tooComplex", "has too many formatting elements that stay open: close each before its block")


def _harmless(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "style":
        return _harmless_style(value)
    if attribute in ("cite", "href", "src") and not value.strip().lower().startswith(_SCHEMES.get(tag, ())):
        return None
    return value


def _harmless_style(style: str) -> str | None:
    """Return a style without what hides something or lies over it; None if it loads something."""
    functions = {name.lower() for name in _FUNCTION.findall(style)}
    if not functions <= _COLOURS or _STYLE_THAT_LOADS.search(style):
        return None
    return _DECLARATION_THAT_HIDES.sub("", style) or None


# Created once: with all these names that takes thirty times as long as cleaning a short body.
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS.split()),
    clean_content_tags=set(_REMOVED_WITH_CONTENT.split()),
    attributes=_ATTRIBUTES,
    attribute_filter=_harmless,
    filter_style_properties=set(_STYLES.split()),
    url_schemes={"http", "https", "mailto", "tel", "cid"},
    url_relative="deny",
)
_TEXT_ONLY = nh3.Cleaner(tags=set(), clean_content_tags=set(_REMOVED_WITH_CONTENT.split()))
