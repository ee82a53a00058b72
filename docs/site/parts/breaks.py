"""Places at which a long path in code may break over two lines: after a dot, an underscore or a slash."""

from __future__ import annotations

import re
from typing import Any

CODE = re.compile(r'(<span class="pre">)([^<]{16,})(</span>)')
AFTER = re.compile(r"(?<=\w)([._/])(?=\w)")


def breakable(body: str) -> str:
    """Return HTML with a mark for a break in long words of code; it is no character, so copied code is unchanged."""
    return CODE.sub(lambda match: match[1] + AFTER.sub(r"\1<wbr>", match[2]) + match[3], body)


def process(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Mark the places in the text of a page."""
    if "body" in context:
        context["body"] = breakable(context["body"])
