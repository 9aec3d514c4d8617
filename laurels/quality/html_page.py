"""The frame of a Data Docs page: no script, nothing from elsewhere, and of the markup inside only what is listed.

Great Expectations' own frame loads scripts and styles from five hosts and a logo that tells the vendor who opened
which page. Ours takes the sections only, through a list of elements and attributes that may stay.
"""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from laurels.quality.vendor import page_view

ASSETS = Path(__file__).with_name("assets")
STYLES = ("bootstrap-4.6.2.min.css", "docs-1.css")
"""Pages outlive a version: whoever changes a style gives it another name."""
POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"

_KEPT = {
    *("div", "span", "p", "br", "hr", "i", "b", "strong", "em", "code", "pre", "ul", "ol", "li"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_DROPPED_WHOLE = {"script", "style", "template", "noscript", "button", "iframe", "object", "svg", "math"}
_EMPTY = {"br", "hr"}
_ATTRIBUTES = {"class", "hidden"}


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a page: a heading of ours, and a section that Great Expectations rendered, or a sentence of ours."""

    heading: str
    section: Any = None
    sentence: str = ""


def page(title: str, facts: Mapping[str, str], blocks: Iterable[Block]) -> str:
    """Return the whole page."""
    told = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in facts.items()
    )
    parts = (f"<h2>{html.escape(block.heading)}</h2>{_body(block)}" for block in blocks)
    return frame(title, f'<dl class="facts">{told}</dl>{"".join(parts)}')


def frame(title: str, body: str, *, above: str = "../assets") -> str:
    """Return a page around a body that is clean already; `above` is where its styles lie."""
    links = "".join(f'<link rel="stylesheet" href="{above}/{name}">' for name in STYLES)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">'
        f'<link rel="icon" href="data:,">{links}<title>{html.escape(title)}</title></head>'
        f'<body><main class="container"><h1>{html.escape(title)}</h1>{body}</main></body></html>\n'
    )


def cleaned(markup: str) -> str:
    """Return the markup with nothing but listed elements, their classes, and text."""
    cleaner = _Cleaner()
    cleaner.feed(markup)
    cleaner.close()
    return "".join(cleaner.kept)


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED_WHOLE:
            self._dropping.append(tag)
        elif tag in _KEPT and not self._dropping:
            told = (f' {name}="{html.escape(text or "")}"' for name, text in attrs if name in _ATTRIBUTES)
            self.kept.append(f"<{tag}{''.join(told)}>")

    def handle_endtag(self, tag: str) -> None:
        if self._dropping and tag == self._dropping[-1]:
            self._dropping.pop()
        elif tag in _KEPT - _EMPTY and not self._dropping:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.kept.append(html.escape(data))


def _body(block: Block) -> str:
    return f"<p>{html.escape(block.sentence)}</p>" if block.sentence else cleaned(_markup(block.section))


def _markup(section: Any) -> str:
    """Let Great Expectations' templates make HTML of its section."""
    template = page_view().env.from_string(
        "{% for section in sections %}{% set section_loop = loop %}{% include 'section.j2' %}{% endfor %}"
    )
    return str(template.render(sections=[section.to_json_dict()]))
