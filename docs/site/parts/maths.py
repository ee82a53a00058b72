"""Equations as MathML, which browsers show by themselves: a page loads no script and no font for them."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.errors import ExtensionError

#: Environments whose rows end with ``\cr`` (or two backslashes) and whose cells are parted by ``&``.
ALIGNED = re.compile(r"^\s*\\begin\{aligned\}(.*)\\end\{aligned\}\s*$", flags=re.DOTALL)
ROW, CELL = re.compile(r"\\cr\b|\\\\"), re.compile(r"(?<!\\)&")
OUTER = re.compile(r"^<math[^>]*>(.*)</math>$", flags=re.DOTALL)
#: Functions with a name of letters. The converter makes them operators with wide spaces, or variables with none.
NAMED = "min|max|ln|log|exp|sinh|cosh|tanh|lim|inf|sup"
FUNCTION = re.compile(rf"<m[io]>({NAMED})</m[io]>(?!\s*<mo stretchy=\"false\">&#x00028;)")
CALLED = re.compile(rf"<m[io]>({NAMED})</m[io]>")
#: Brackets, and operators after which a line may break.
BREAK = re.compile(r"[(){}\[\]]|, | = | \+ | - | / |\\cdot(?![a-z])|\\leftarrow(?![a-z])|\\le(?![a-z])|\\ge(?![a-z])|\\lt(?![a-z])|\\in(?![a-z])")
AT_END = re.compile(r"<mo>([^<]*</mo>(?:</mrow>)*</math>)$")
#: TeX of up to this length stays in one piece.
LONG = 24
#: Parts of more than this can break within round brackets too.
VERY_LONG = 50
LETTERS = re.compile(r'<mrow>((?:<mi mathvariant="normal">\w</mi>)+)</mrow>')


def inner(tex: str) -> str:
    """Return what is inside the element ``math`` of an equation without environments."""
    try:
        found = OUTER.match(convert(tex))
    except Exception as error:  # of many kinds
        raise ExtensionError(f"cannot be shown as MathML: {tex}") from error
    if found is None or re.search(r"\\[a-zA-Z]+|<mi>&</mi>", found[1]):
        raise ExtensionError(f"cannot be shown as MathML: {tex}")
    text = LETTERS.sub(lambda match: f'<mi mathvariant="normal">{"".join(re.findall(">(.)<", match[1]))}</mi>', found[1])
    text = FUNCTION.sub(r'<mi>\1</mi><mspace width="0.17em"/>', text)
    return CALLED.sub(r"<mi>\1</mi>", text)


def broken(tex: str, inside: int = 0) -> list[str]:
    """Return the parts of an equation between which a line may break: after a relation, a sum, a product or a comma.

    Parameters
    ----------
    tex : the equation
    inside : number of round brackets within which it may break; it never breaks within braces, which are one symbol
    """
    parts, last, braces, brackets = [], 0, 0, 0
    for match in BREAK.finditer(tex):
        braces += {"{": 1, "}": -1}.get(match[0], 0)
        brackets += {"(": 1, ")": -1, "[": 1, "]": -1}.get(match[0], 0)
        if len(match[0]) > 1 and braces == 0 and brackets <= inside and tex[last : match.start()].strip():
            parts.append(tex[last : match.end()])
            last = match.end()
    parts = [part for part in (*parts, tex[last:]) if part.strip()]
    return [one for part in parts for one in (broken(part, 1) if inside == 0 and len(part) > VERY_LONG else [part])]


def inline(tex: str) -> str:
    """Return an equation in a line of text. Browsers never break one, so a long one is several elements with an operator at their ends."""
    parts = broken(tex) if len(tex) > LONG else [tex]
    found = [f'<math display="inline"><mrow>{inner(part)}</mrow></math>' for part in parts]
    return "\u200b".join([*(AT_END.sub(r'<mo form="infix">\1', one) for one in found[:-1]), found[-1]])


def mathml(tex: str, display: bool) -> str:
    """Return an equation as an element ``math``; one in a line of text can be several.

    Parameters
    ----------
    tex : the equation; an environment ``aligned`` must be all of it
    display : whether it has lines of its own

    Raises
    ------
    ExtensionError : it has a command that cannot be shown
    """
    if not display:
        return inline(tex)
    aligned = ALIGNED.match(tex)
    if aligned is None:
        return f'<math display="block"><mrow>{inner(tex)}</mrow></math>'
    rows = []
    for row in ROW.split(aligned[1]):
        cells = [f'<mtd style="text-align: {side}">{inner(cell) if cell.strip() else ""}</mtd>'
                 for side, cell in zip(("right", "left"), CELL.split(row), strict=True)]  # fmt: skip
        rows.append(f"<mtr>{''.join(cells)}</mtr>")
    return f'<math display="block"><mtable displaystyle="true" class="aligned">{"".join(rows)}</mtable></math>'


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext(), display=False))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="equation" tabindex="0">{mathml(node.astext(), display=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, Any]:
    """Register the renderer ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
