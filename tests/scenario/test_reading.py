"""The reader: places of keys, all faults in one pass, and patience with hostile files."""

from __future__ import annotations

import datetime
import hashlib
import math
import os
import random
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from proxysim.scenario.toml.paths import parse_value, split_path
from proxysim.scenario.toml.reader import Document, read_file, read_text

WORLD = """#:schema ../scenario.schema.json
kind = "world"   # a comment = with [signs]
extends = ["sources.toml"]
[scenario]
question = "Two patrons sign a pact. Do their three proxies end up with more arms?"
start    = 2020-01-01
[states.iran]
home    = "iran"
income  = {2020 = 6538, 2021-06 = 7946, low = "-25 %"}
stock   = {rifles = 400, rockets = {value = 900, low = 7e2, source = ["S14", "S15"]}}
[states.iran.sanctions]
2020 = 0.70
2021 = 0.35
[legs]
north-coast = {between = ["north", "coast"], detection = {value = 0.10, grade = "D"}}
[ties]
"iran -> hezbollah via wagner" = {weight = +0.6, control = 4_000}
'north -> greens' = {}
[events]
embargo = {on = 2022-06-15, over = 3, scale.legs."*".limit = 0.5}
[events.strike]
window = [
  2025-06-01, # first
  2026-06-30,
]
when = [
  {measure = "fighting", below = 40},
  {happened = "embargo"},
]
about = \"\"\"
x = [1
[not.a.table]
\"\"\"
"""
EXPERIMENT = """kind = "experiment"
runs = 200
half = true
[levers]
"pacts.treaty.strength" = [0, 0.25, [1, 2]]
"legs.*.detection" = {scale = [0.5, 1, 2]}
deep.er."still more".so = 'literal \\ text'
[uncertainties]
"**" = "uncertain \\u00e9 \\" quote"
[[points]]
a.b = 1
a.c = {d = {}, e.f = 0x1F}
[[points]]
a.b = 2
[points.sub]
x = -1.5e-3
"""

VALID = [
    WORLD,
    EXPERIMENT,
    WORLD.replace("\n", "\r\n"),
    "\ufeff" + WORLD,
    "",
    "\n\n# only a comment\n",
    "a = 1",
    "a.b.c = 1\na.b.d = 2\na.e = 3\n",
    "a . b\t.  c = 1\n",
    '"a.b".c = 1\n"a.b"."d e" = 2\n\'x.y\' = 3\n',
    '"with \\" quote" = 1\n"\\u0041b" = 2\n',
    "x = {a = {b = {c = 1, d.e = 2}}, f = [ {g = 1}, {h = 2} ]}\n",
    "x = [\n  {a = 1}, # one\n  # between\n  {a = 2, b = [\n    1,\n    2,\n  ]},\n]\ny = 1\n",
    "x = [\n\n]\ny = [ ]\nz = [[], [[]], [\n[]\n]]\n",
    'x = """\na = 1\n[b]\n"""\ny = 2\n',
    "x = '''\na = 1\n[b]\n'''\ny = 2\n",
    'x = """quotes "" inside \\""" and more"""""\ny = 2\n',
    "x = '''it''s'''''\ny = 2\n",
    'x = """a \\\n   b"""\ny = 2\n',
    "x = 'C:\\temp\\new'\ny = 2\n",
    'x = "# no comment" # a comment = 1\ny = 2 # [z]\n',
    "[ a . b ]\nx = 1\n[ \"c d\" . 'e.f' ] # comment\ny = 2\n",
    "[a.b.c]\nx = 1\n[a]\ny = 2\n[a.b]\nz = 3\n",
    "[[a]]\nx = 1\n[[a]]\nx = 2\n[a.b]\ny = 1\n[[a.c]]\nz = 1\n[[a.c]]\n",
    "[a]\n[b]\n[c]\n",
    "1 = 1\n-_- = 2\n2021-06 = 3\n0x1 = 4\n",
    "a = true\nb = false\nc = 1_000\nd = -0.5e+3\ne = 0b101\nf = 0o17\ng = 2021-06-01\n",
    '[states]\niran = {income = {2020 = 1, 2021-06 = 2}}\n[states."a -> b"]\nx = 1\n',
    "\t a = 1\n   [t]   \n\t b = 2\t\n",
    'a = [ "]", \'}\', "#", "," ]\nb = {c = "}", d = \'{\'} # }\n',
    'a = ["""\n]\n""", 1]\nb = 2\n',
    "a = 1\r\n\r\nb = [\r\n 1,\r\n 2]\r\nc = '''\r\n\r\n'''\r\nd = 4\r\n",
    "café = 1\n".replace("café", '"café"') + '"cafe\u0301" = 2\n',
    'set.pacts.treaty.strength = 0\nset.pacts.treaty.level = 1\nscale.legs."*".limit = 2\n',
    "a = 1 \n\n\n\nb = 2\n\n[c] # x\n\nd = 3",
    'a = "' + "x" * 20_000 + '"\nb = 2\n',
    "a = " + "[" * 30 + "]" * 30 + "\nb = 2\n",
]

BOMBS = {
    "brackets": "[" * 10**6,
    "open arrays": "x = " + "[" * 10**6,
    "open tables": "x = " + "{a=" * 400_000,
    "closing brackets": "]" * 10**6,
    "dotted key": "a" + ".a" * 500_000 + " = 1",
    "dotted header": "[a" + ".a" * 500_000 + "]",
    "digits": "x = " + "9" * 10**6,
    "hexadecimal digits": "x = 0x" + "f" * 10**6,
    "elements": "x = [" + "1," * 200_000 + "]",
    "keys": "\n".join(f"k{i}=1" for i in range(120_000)),
    "dotted keys": "\n".join(f"k{i}.a.b.c.d.e.f.g.h.i=1" for i in range(20_000)),
    "tables": "[[a]]\n" * 200_000,
    "long text": 'x = "' + "\\n" * 900_000 + '"',
    "open long texts": 'x = """\n' * 100_000,
    "open arrays over lines": "x = [\n" * 100_000,
    "open texts in arrays": 'x=[ """\n' * 100_000,
    "nul": "\0" * 10**6,
    "same key": "x=1\n" * 300_000,
    "size": "#" * (2 * 1024 * 1024 + 1),
}


def messages(document: Document) -> list[str]:
    """The faults as they are shown."""
    return [str(fault) for fault in document.faults]


def places(document: Document) -> list[tuple[int, str]]:
    """Line and path of each fault."""
    return [(fault.line, fault.path) for fault in document.faults]


# -- an oracle: the same places, found by another parser


def oracle_key(node: Node) -> tuple[str, ...]:
    """The ids of a key of the syntax tree."""
    if node.type == "dotted_key":
        return tuple(part for child in node.named_children for part in oracle_key(child))
    written = (node.text or b"").decode()
    return tuple(tomllib.loads(f"{written} = 1"))


def oracle_value(node: Node, path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> None:
    """Record the lines of what a value holds."""
    inner = [child for child in node.named_children if child.type != "comment"]
    if node.type == "array":
        for index, child in enumerate(inner):
            lines[(*path, str(index))] = child.start_point[0] + 1
            oracle_value(child, (*path, str(index)), lines)
    elif node.type == "inline_table":
        for child in inner:
            oracle_pair(child, path, lines)


def oracle_pair(node: Node, base: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> None:
    """Record the lines of a key, its dots and its value."""
    key_node, value_node = (child for child in node.named_children if child.type != "comment")
    key = oracle_key(key_node)
    for length in range(1, len(key) + 1):
        lines.setdefault(base + key[:length], key_node.start_point[0] + 1)
    oracle_value(value_node, base + key, lines)


def oracle_lines(text: str) -> dict[tuple[str, ...], int]:
    """The lines of all keys, headers and elements, by tree-sitter."""
    root = Parser(Language(tree_sitter_toml.language())).parse(text.removeprefix("\ufeff").encode()).root_node
    assert not root.has_error
    lines: dict[tuple[str, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    for node in root.named_children:
        if node.type == "pair":
            oracle_pair(node, (), lines)
        elif node.type in ("table", "table_array_element"):
            inner = [child for child in node.named_children if child.type != "comment"]
            path: tuple[str, ...] = ()
            line = node.start_point[0] + 1
            key = oracle_key(inner[0])
            for part in key[:-1]:
                path = (*path, part)
                lines.setdefault(path, line)
                if path in counts:
                    path = (*path, str(counts[path]))
            path = (*path, key[-1])
            if node.type == "table_array_element":
                lines.setdefault(path, line)
                counts[path] = counts.get(path, -1) + 1
                path = (*path, str(counts[path]))
            lines[path] = line
            for child in inner[1:]:
                oracle_pair(child, path, lines)
    return lines


@pytest.mark.parametrize("text", VALID)
def test_reading__lines_agree_with_another_parser(text: str) -> None:
    """Each key, header and element of a nasty valid file stands where tree-sitter sees it."""
    document = read_text(text, "x.toml")
    assert () == document.faults
    assert oracle_lines(text) == document.lines
    assert tomllib.loads(text.removeprefix("\ufeff")) == document.data


@pytest.mark.parametrize("text", VALID)
def test_reading__a_broken_statement_leaves_the_rest_of_the_data_as_it_is(text: str) -> None:
    """Data put together statement by statement are those that tomllib reads at once."""
    document = read_text(text.rstrip("\r\n") + "\nbroken here\n", "x.toml")
    assert 1 == len(document.faults)
    assert tomllib.loads(text.removeprefix("\ufeff")) == document.data


# -- faults


def test_reading__all_faults_of_a_file_in_one_pass() -> None:
    """Each broken statement is named at its line, and what is right between them is read."""
    text = (
        'a = 1\nb = [1, 2\nc = 3\n[states.iran\nincome = nan\nx = "abc\ny = 1,200\n[states.syria]\n'
        "income = {a = 1,\n  b = 2}\nz = {a = 1, }\niran -> reds = {}\nk: 3\nw =\n= 3\nlast = 4\n"
    )
    document = read_text(text, "x.toml")
    expected = [
        (2, "b"),
        (4, "states.iran"),
        (5, "states.iran.income"),
        (6, "states.iran.x"),
        (7, "states.iran.y"),
        (9, "states.syria.income"),
        (11, "states.syria.z"),
        (12, "states.syria.iran"),
        (13, "states.syria.k"),
        (14, "states.syria.w"),
        (15, "states.syria"),
    ]
    assert expected == places(document)
    assert (1, 3, 4) == (document.data["a"], document.data["c"], document.data["states"]["syria"]["last"])


def test_reading__a_duplicate_key_is_named_with_both_lines() -> None:
    """The fault says where the key stood first and what to do, and the first value stays."""
    text = "\n" * 11 + "states.iran.income = 1\n" + "\n" * 28 + "states.iran.income = 2\n"
    document = read_text(text, "scenarios/x.toml")
    assert ["scenarios/x.toml:41: states.iran.income: is given twice (first on line 12); keep one"] == messages(
        document
    )
    assert {"states": {"iran": {"income": 1}}} == document.data


@pytest.mark.parametrize(
    ("text", "line", "path", "first"),
    [
        ("[a]\nx = 1\n[b]\n[a]\n", 4, "a", 1),
        ("[a.b.c]\n[a.b.d]\n[a.b.c]\n", 3, "a.b.c", 1),
        ("x = {a = 1,  b = {c = 1, c = 2}}\n", 1, "x.b.c", 1),
        ("x = [\n{a = 1},\n{a = 1, a = 2},\n]\n", 3, "x.1.a", 3),
        ("a = 1\n[a]\n", 2, "a", 1),
        ("[a]\nb = 1\n[a.b]\n", 3, "a.b", 2),
        ("[a]\nb = 1\nb.c = 2\n", 3, "a.b.c", 2),
        ("a = {b = 1}\na.c = 2\n", 2, "a.c", 1),
        ("a = {b = 1}\n[a.c]\n", 2, "a.c", 1),
        ("a.b = 1\n[a]\n", 2, "a", 1),
        ("[a.b]\n[a]\nb.c = 1\n", 3, "a.b.c", 1),
        ("[[a]]\n[a]\n", 2, "a", 1),
        ("[a]\n[[a]]\n", 2, "a", 1),
        ("a = []\n[[a]]\n", 2, "a", 1),
        ("[[a]]\nx = 1\n[[a]]\nx = 1\nx = 2\n", 5, "a.1.x", 4),
        ('"a" = 1\na = 2\n', 2, "a", 1),
    ],
)
def test_reading__whatever_is_written_twice_is_named_with_both_lines(
    text: str, line: int, path: str, first: int
) -> None:
    """Keys, tables and their mixtures at any depth, where tomllib names no key."""
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)
    document = read_text(text, "x.toml")
    assert [(line, path)] == places(document)
    assert f"line {first}" in document.faults[0].message


def test_reading__keys_under_a_table_given_twice_are_still_checked() -> None:
    """A second header of the same name goes on with the same table."""
    document = read_text("[a]\nx = 1\n[a]\nx = 2\ny = inf\nz = 3\n", "x.toml")
    assert [(3, "a"), (4, "a.x"), (5, "a.y")] == places(document)
    assert (1, 3) == (document.data["a"]["x"], document.data["a"]["z"])


def test_reading__keys_under_a_broken_header_do_not_land_in_the_table_above() -> None:
    """They are checked, but belong nowhere."""
    for header, path in {"*": "", "a b": "a", "a.x": "a.x"}.items():
        document = read_text(f"[a]\nx = 1\n[{header}]\nx = 2\ny = nan\n", "x.toml")
        assert [(3, path), (5, f"{path}.y".lstrip("."))] == places(document)
        assert {"a": {"x": 1}} == document.data


@pytest.mark.parametrize(
    ("text", "line", "cure"),
    [
        ("x = {a = 1,\n b = 2}\ny = 1\n", 1, "must be on one line"),
        ("x = {a = 1, b = 2,}\ny = 1\n", 1, "without a comma after its last entry"),
        ("x = {\n a = 1,\n b = 2,\n}\ny = 1\n", 1, "must be on one line"),
        ("x = {a = 1\ny = 1\n", 1, "no closing }"),
        ("x = [1, 2\ny = 1\n", 1, "no closing ]"),
        ("x = [1, 2,\n[t]\ny = 1\n", 1, "no closing ]"),
        ("x = [1 2]\ny = 1\n", 1, "a comma is missing"),
        ("x = [\n  1,\n  2 3,\n  4,\n]\ny = 1\n", 3, "a comma is missing"),
        ('x = "abc\ny = 1\n', 1, "no closing quote"),
        ('x = """abc\nsome words\ny = 1\n', 1, "no closing quotes"),
        ('"x = 1\ny = 1\n', 1, "no closing quote"),
        ("x 1\ny = 1\n", 1, 'has no "="'),
        ("x: 1\ny = 1\n", 1, '"=" instead of ":"'),
        ("x =\ny = 1\n", 1, "has no value"),
        ("= 2\ny = 1\n", 1, "no key"),
        ("iran -> reds = 1\ny = 1\n", 1, "needs quotes"),
        ("scale.*.x = 1\ny = 1\n", 1, "put quotes around"),
        ("x = sea lane\ny = 1\n", 1, '"sea lane" is not a value; put quotes'),
        ("x = “sea”\ny = 1\n", 1, "only straight quotes"),
        ("x = 700 USD m / year\ny = 1\n", 1, "quotes around all of it"),
        ("x = 25 %\ny = 1\n", 1, "quotes around all of it"),
        ("x = 1,200\ny = 1\n", 1, "takes no comma; write 1200"),
        ("x = 0,2\ny = 1\n", 1, "a decimal comma? write 0.2"),
        ("x = {value = 0,2}\ny = 1\n", 1, "a decimal comma? write 0.2"),
        ("x = {value = -3,25, low = 1}\ny = 1\n", 1, "a decimal comma? write -3.25"),
        ("x = {value = 0,200}\ny = 1\n", 1, "a decimal comma? write 0.200"),
        ("x = {low = 1,200 }\ny = 1\n", 1, "takes no comma; write 1200 or 1_200"),
        ("x = True\ny = 1\n", 1, "write true"),
        ("x = null\ny = 1\n", 1, "leave the key out"),
        ("x = .5\ny = 1\n", 1, "write 0.5"),
        ("x = 5.\ny = 1\n", 1, "write 5.0"),
        ("x = 007\ny = 1\n", 1, "without a leading zero"),
        ("x = 2021-06\ny = 1\n", 1, "2021-06-01"),
        ("x = 2021-02-30\ny = 1\n", 1, "not a valid date"),
        ("x = 2021-13-01\ny = 1\n", 1, "not a valid date"),
        ("2020.5 = 1\ny = 1\n", 1, "2021 or 2021-06"),
        ('x = "C:\\temp\\qs"\ny = 1\n', 1, "double it"),
        ("[t\ny = 1\n", 1, "no closing ]"),
        ("[[t]\ny = 1\n", 1, "no closing ]]"),
        ("x = 1]\ny = 1\n", 1, "too many"),
        ("x = nan\ny = 1\n", 1, "is nan; a finite number is needed"),
        ("x = {a = [1, {b = -inf}]}\ny = 1\n", 1, "is -inf; a finite number is needed"),
        ("x = [\n 1,\n 1e999]\ny = 1\n", 3, "is inf; a finite number is needed"),
        ("x = 9007199254740993\ny = 1\n", 1, "beyond 2**53"),
        ("x = " + "9" * 5000 + "\ny = 1\n", 1, "more than 400 digits"),
        ("x = 0." + "9" * 5000 + "\ny = 1\n", 1, "more than 400 digits"),
        ("x = 12:30:00\ny = 1\n", 1, "only a date"),
        ("x = 2021-06-01T12:30:00Z\ny = 1\n", 1, "only a date"),
        ("x = 2021-06-01 12:30:00\ny = 1\n", 1, "only a date"),
        ('"" = 1\ny = 1\n', 1, "must not be empty"),
        ('x = {"" = 1}\ny = 1\n', 1, "must not be empty"),
        ('"a\\u0000b" = 1\ny = 1\n', 1, "control character"),
        ('x = "\\u001b[31m"\ny = 1\n', 1, "control character U+001B"),
        ('x = "a\0b"\ny = 1\n', 1, "control character U+0000"),
        ("x = 1 # a\x07b\ny = 1\n", 1, "control character U+0007"),
        ("# old line ends\rx = 1\ny = 1\n", 1, "LF or CRLF"),
        ('x = "' + "a" * 20_001 + '"\ny = 1\n', 1, "more than 20000 characters"),
        ("x = " + "[" * 33 + "]" * 33 + "\ny = 1\n", 1, "nested more than 32 deep"),
        ("x = " + "{a = " * 33 + "1" + "}" * 33 + "\ny = 1\n", 1, "nested more than 32 deep"),
    ],
)
def test_reading__one_mistake_gives_one_fault_with_its_cure(text: str, line: int, cure: str) -> None:
    """The fault stands at its line and says what to do; the statement after it is read."""
    document = read_text(text, "x.toml")
    assert [line] == [fault.line for fault in document.faults]
    assert cure in document.faults[0].message
    assert 1 == str(document.data).count("'y': 1")


def test_reading__numbers_and_dates_at_the_edge_are_fine() -> None:
    """Local dates, 2**53 and 400 digits are allowed."""
    document = read_text(f"a = 2021-06-01\nb = {2**53}\nc = -{2**53}\nd = 0.{'1' * 390}\n", "x.toml")
    assert () == document.faults
    assert datetime.date(2021, 6, 1) == document.data["a"]
    assert 2**53 == document.data["b"] == -document.data["c"]


def test_reading__messages_are_short_lines_without_control_characters() -> None:
    """Whatever a file holds, its faults can be shown in a terminal."""
    wild = "\u202e\x1b[31m" + "w" * 500
    text = f"x = {wild}\n{wild} = 1\n\"{wild}\n[{wild}]\ny = '\u2028' '\n\"k{'k' * 500}\" = nan\n"
    document = read_text(text, "a\nb\x1b.toml")
    assert len(document.faults) >= 6
    for line in messages(document):
        assert line.isprintable()
        assert len(line) < 400


def test_reading__keys_that_look_alike_are_not_merged() -> None:
    """Composed and decomposed letters are two keys."""
    document = read_text('"caf\u00e9" = 1\n"cafe\u0301" = 2\n', "x.toml")
    assert {"caf\u00e9": 1, "cafe\u0301": 2} == document.data


def test_reading__byte_order_mark_and_line_ends_do_not_shift_lines() -> None:
    """The same lines and data with BOM and CRLF as without."""
    plain = read_text(WORLD, "x.toml")
    marked = read_text(b"\xef\xbb\xbf" + WORLD.replace("\n", "\r\n").encode(), "x.toml")
    assert (plain.lines, plain.data, plain.faults) == (marked.lines, marked.data, marked.faults)
    assert plain.text_hash != marked.text_hash


def test_reading__the_hash_is_that_of_the_raw_bytes() -> None:
    """Text and its bytes have one hash, whatever is wrong with them."""
    expected = hashlib.blake2b(b"a = ").hexdigest()
    assert expected == read_text(b"a = ", "x.toml").text_hash == read_text("a = ", "y.toml").text_hash


def test_reading__a_path_without_a_line_has_that_of_its_parent() -> None:
    """The nearest written parent answers, and 0 where there is none."""
    document = read_text("[a.b]\nx = 1\ny = [\n 1,\n {z = 2}]\n", "x.toml")
    paths = [
        ("a",),
        ("a", "b"),
        ("a", "b", "x"),
        ("a", "b", "x", "no"),
        ("a", "q"),
        ("a", "b", "y", "1", "z"),
        ("q",),
        (),
    ]
    assert [1, 1, 2, 2, 1, 5, 0, 0] == [document.line(path) for path in paths]


def test_reading__reading_twice_gives_the_same() -> None:
    """No state is kept between readings."""
    text = WORLD + "x = \n" + EXPERIMENT
    assert read_text(text, "x.toml") == read_text(text, "x.toml")


# -- files


def test_reading__a_file_is_read_under_the_name_shown(tmp_path: Path) -> None:
    """The name in errors may differ from the path."""
    path = tmp_path / "world.toml"
    path.write_text("a = 1\nb = \n")
    assert (str(path), "w.toml") == (read_file(path).file, read_file(path, "w.toml").faults[0].file)
    assert {"a": 1} == read_file(path).data


def test_reading__a_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    """One fault without a line, and no exception."""
    (tmp_path / "levant.toml").write_text("")
    document = read_file(tmp_path / "levnat.toml", "levnat.toml")
    assert ['levnat.toml: does not exist; check the name and the folder; did you mean "levant.toml"?'] == messages(
        document
    )


def test_reading__what_is_no_readable_text_file_is_one_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders, pipes, devices, other encodings, too large or forbidden files."""
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "latin.toml").write_bytes("a = 1\nb = 'é'\n".encode("latin-1"))
    (tmp_path / "wide.toml").write_bytes("a = 1".encode("utf-16"))
    (tmp_path / "large.toml").write_bytes(b"#" * (2 * 1024 * 1024 + 1))
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    (tmp_path / "closed.toml").write_text("")
    expected = {
        tmp_path: "is a folder",
        tmp_path / "pipe.toml": "is not a regular file",
        Path("/dev/zero"): "is not a regular file",
        tmp_path / "latin.toml": "is not UTF-8",
        tmp_path / "wide.toml": "is not UTF-8",
        tmp_path / "large.toml": "split it",
        tmp_path / "loop.toml": "cannot be read",
        tmp_path / "no" / "folder.toml": "does not exist",
        tmp_path / "latin.toml" / "x.toml": "cannot be read",
        tmp_path / "nul\0.toml": "cannot be read",
        tmp_path / ("x" * 5000): "cannot be read",
    }
    for path, words in expected.items():
        document = read_file(path)
        assert 1 == len(document.faults)
        assert words in document.faults[0].message
        assert {} == document.data
    assert 2 == read_file(tmp_path / "latin.toml").faults[0].line

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert "permission denied" in read_file(tmp_path / "closed.toml").faults[0].message


# -- values and paths from the command line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5),
        (" 0.5 ", 0.5),
        ("true", True),
        ('"a b"', "a b"),
        ("'x'", "x"),
        ("2021-06-01", datetime.date(2021, 6, 1)),
        ("[1, [2]]", [1, [2]]),
        ("{low = 1, high.x = 2}", {"low": 1, "high": {"x": 2}}),
        ("linear", "linear"),
        ("log-uniform", "log-uniform"),
        ("2021-06", "2021-06"),
        ("north_2", "north_2"),
        ("007", "007"),
    ],
)
def test_reading__a_value_is_toml_or_a_bare_word(text: str, expected: object) -> None:
    """What stands behind --set PATH=."""
    assert expected == parse_value(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("1\nx = 2", "several lines"),
        ("sea lane", "put quotes"),
        ("nan", "a finite number"),
        ("9" * 5000, "400 digits"),
        (str(2**60), "beyond"),
        ("[1, 2", "closing"),
        ("= 3", "no value"),
        ("# x", "no value"),
        ("2021-02-30", "not a valid date"),
        ("12:00:00", "only a date"),
        ("[" * 100_000, "deep"),
        ("a\0", "control"),
        ("{a = 1, a = 2}", "given twice"),
    ],
)
def test_reading__a_wrong_value_is_refused_in_one_line(text: str, message: str) -> None:
    """ValueError with a short line."""
    with pytest.raises(ValueError, match=message) as caught:
        parse_value(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ties."iran -> *".control', ("ties", "iran -> *", "control")),
        (" a . b\t.c ", ("a", "b", "c")),
        ("legs.*.detection", ("legs", "*", "detection")),
        ("**", ("**",)),
        ("legs.sea-*", ("legs", "sea-*")),
        ("'x.y'.\"\\u0041\"", ("x.y", "A")),
        ("2021-06", ("2021-06",)),
    ],
)
def test_reading__a_path_is_ids_joined_by_dots(text: str, expected: tuple[str, ...]) -> None:
    """Quotes are allowed, stars need none."""
    assert expected == split_path(text)


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "a b", '"a', '""', "ties.a -> b", "a\nb", '"\\u0000"', "a\0"]
)
def test_reading__a_wrong_path_is_refused_in_one_line(text: str) -> None:
    """ValueError with a short line; also for paths that are far too deep or long."""
    for wrong in (text, text + ".a" * 1000, text + "x" * 10**6 + "."):
        with pytest.raises(ValueError, match="path") as caught:
            split_path(wrong)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400


# -- hostile files


@pytest.mark.parametrize("name", BOMBS)
def test_reading__a_bomb_is_refused_with_few_faults(name: str) -> None:
    """Depth, size, counts and digits are bounded; nothing is raised."""
    document = read_text(BOMBS[name], "x.toml")
    assert 1 <= len(document.faults) <= 101
    assert len(document.lines) <= 100_000
    assert all(line.isprintable() and len(line) < 400 for line in messages(document))


def mutated(text: str, rng: random.Random) -> str:
    """The text with one to three random changes."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text))
        lines = text.split("\n")
        row = rng.randrange(len(lines))
        choice = rng.randrange(5)
        char = rng.choice("[]{}\"'=.,#\n\r \t\\-_0a\0\u00e9\ufeff*:")
        if choice == 0:
            text = text[:at] + text[at + rng.randint(1, 3) :]
        elif choice == 1:
            text = text[:at] + char + text[at:]
        elif choice == 2:
            text = text[:at] + char + text[at + 1 :]
        elif choice == 3:
            lines[row] = lines[row][: rng.randint(0, len(lines[row]))]
            text = "\n".join(lines)
        else:
            lines.insert(rng.randrange(len(lines)), lines[row])
            text = "\n".join(lines)
        text = text or "\n"
    return text


def breaks_an_extra_rule(value: Any) -> bool:
    """Valid TOML that the reader refuses, as far as the data show it."""
    if isinstance(value, dict):
        bad = any(not key or re.search(r"[\x00-\x1f\x7f-\x9f]", key) for key in value)
        return bad or any(map(breaks_an_extra_rule, value.values()))
    if isinstance(value, list):
        return any(map(breaks_an_extra_rule, value))
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, str):
        return re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", value) is not None
    return isinstance(value, datetime.datetime | datetime.time) or (isinstance(value, int) and abs(value) > 2**53)


@pytest.mark.parametrize("sample", [WORLD, EXPERIMENT])
def test_reading__random_mutations_have_faults_only_if_refused(sample: str) -> None:
    """Faults are found exactly where tomllib or an extra rule refuses, and nothing is ever raised."""
    rng = random.Random(20260101)
    for _ in range(500):
        text = mutated(sample, rng)
        document = read_text(text, "x.toml")
        try:
            data = tomllib.loads(text.removeprefix("\ufeff"))
        except tomllib.TOMLDecodeError:
            assert document.faults, text
            continue
        date_keys = [fault for fault in document.faults if "two keys" in fault.message]
        assert (breaks_an_extra_rule(data) or bool(date_keys)) == bool(document.faults), (text, messages(document))
        assert document.faults or data == document.data
