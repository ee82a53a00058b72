"""The door: what a world file becomes, and how each mistake in it is named."""

from __future__ import annotations

import datetime
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from planted import PLANTED

from proxysim.core.parameters import BY_NAME, PARAMETERS
from proxysim.errors import InputError
from proxysim.scenario.resolve.loader import load_scenario, scenario_from_text
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.schema.json_schema import editor_schema
from proxysim.scenario.schema.keys import LIMITS, SECTIONS
from proxysim.scenario.schema.units import ALLOWED, UnitError, flows_unit, to_internal, unit_for
from worlds import QUICKSTART


def faults_of(text: str, **options: object) -> list[tuple[int, str]]:
    """Lines and whole texts of the faults of a world."""
    with pytest.raises(InputError) as caught:
        scenario_from_text(text, **options)  # type: ignore[arg-type]
    return [(fault.line, str(fault)) for fault in caught.value.faults]


def mutated(old: str, new: str) -> str:
    """The quickstart with one text replaced."""
    assert QUICKSTART.count(old) == 1, old
    return QUICKSTART.replace(old, new)


@pytest.fixture(scope="module")
def world() -> Scenario:
    """The quickstart."""
    return scenario_from_text(QUICKSTART)


# ---- faults ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new", "marker", "word"), [case[1:] for case in PLANTED], ids=[case[0] for case in PLANTED]
)
def test_fault__is_named_once_on_its_line(old: str, new: str, marker: str, word: str) -> None:
    """One mistake gives one fault, on its line, with the cure."""
    text = mutated(old, new)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if marker in row)
    found = faults_of(text)
    lines = [at for at, _ in found]
    assert line in lines, found
    assert any(word in message for at, message in found if at == line), found
    assert len(found) <= 3, found


def test_fault__mostly_stands_alone() -> None:
    """Few mistakes bring others along: at least nine in ten give one fault."""
    alone = [name for name, old, new, _, _ in PLANTED if len(faults_of(mutated(old, new))) == 1]
    assert len(alone) >= 0.9 * len(PLANTED), sorted({case[0] for case in PLANTED} - set(alone))


def test_fault__three_in_one_file_are_all_named() -> None:
    """Syntax, schema and meaning are named in one pass."""
    text = (
        QUICKSTART.replace("pressure = 1.0", "pressure = = 1")
        .replace("tier = 2", "teir = 2")
        .replace('{fallen = "throne"}', '{fallen = "x"}')
    )
    found = faults_of(text)
    lines = [
        next(n for n, row in enumerate(text.splitlines(), 1) if word in row)
        for word in ("teir", "pressure", "collapse")
    ]
    assert lines == [line for line, _ in found]


def with_route(route: list[str], between: dict[str, tuple[str, str]], places: list[str]) -> list[str]:
    """Faults of the quickstart with more legs and places, and a route by hand from north to reds on the coast."""
    legs = [f'{leg} = {{between = ["{one}", "{other}"], mode = "land", limit = 10, detection = 0}}\n'
            for leg, (one, other) in between.items()]  # fmt: skip
    text = mutated('"north -> reds"   = {', f'"north -> reds" = {{routes = [{json.dumps(route)}], ')
    text = text.replace("[legs]\n", "[legs]\n" + "".join(legs))
    return [
        message
        for _, message in faults_of(text.replace("[places]\n", "[places]\n" + "".join(f"{p} = {{}}\n" for p in places)))
    ]


def test_routes__that_meet_a_place_twice_are_refused() -> None:
    """Round by the hills and back, over another leg, is no way to the coast."""
    found = with_route(["north-hills", "pass", "north-coast"], {"pass": ("north", "hills")}, [])
    assert [True] == ["north-hills > pass > north-coast visits a place twice" in message for message in found]


def test_routes__of_more_than_ten_legs_are_refused() -> None:
    """A way that the model finds has no more either."""
    places = ["north", *(f"x{k}" for k in range(10)), "coast"]
    between = {f"l{k}": (places[k], places[k + 1]) for k in range(11)}
    assert [True] == ["at most 10" in message for message in with_route([*between], between, places[1:-1])]


def test_fault__at_most_a_hundred_are_shown() -> None:
    """The rest is a number."""
    found = faults_of(QUICKSTART + "[states.x]\n" + "\n".join(f"k{n} = 1" for n in range(300)))
    assert (101, True) == (len(found), "more faults" in found[-1][1])


@pytest.mark.parametrize("axis", sorted(LIMITS))
def test_limits__are_those_of_the_largest_size_class(axis: str) -> None:
    """What the door lets in fits the arrays; one origin is everybody's own make."""
    from proxysim.core.vocabulary import SIZES

    assert SIZES["huge"][axis] - (axis == "origin") == LIMITS[axis]


def test_limits__too_many_places_of_a_kind_are_refused() -> None:
    """The limit is named."""
    many = "".join(f'p{n} = {{home = "coast"}}\n' for n in range(200))
    assert "at most 128" in faults_of(QUICKSTART.replace("[proxies]\n", "[proxies]\n" + many))[0][1]


@pytest.mark.parametrize(
    "text",
    ["", "kind = 5", "kind = 'world'", "[scenario]", "states = 5", "states = [1]", "ties = {'a' = 1}", "a = [[[[1]]]]",
     "kind = 'world'\nevents = {x = {when = [], set = 5}}", "defaults = 3", "defaults = {states = 3}",
     "sources = {S = 3}",
     "kind='world'\nbranches = {x = {set = {'' = 1}}}", "kind='world'\nbranches = {x = {set = {'.' = 1, 'a..b' = 2}}}",
     "kind='world'\nstates = {'' = {}}", "scenario = {start = 12:00:00, end = 2020-01-01T00:00:00}", "extends = 7",
     "extends = ['x']", "branch = 7", "behaviour = {decay = {2020 = {5 = 1}}}", "categories = {a = {weight = nan}}",
     "categories = {a = {weight = 1e400}}", "rules = {attrition = 5}", "pacts = {p = {in_force = 5, members = [5]}}",
     "proxies = {set = {}, x = 1}", "fronts = {f = {side_a = 5, side_b = {x = {value = 'a'}}}}", "kind='part'"],
)  # fmt: skip
def test_door__refuses_nonsense_with_input_error(text: str) -> None:
    """Nothing but InputError comes out."""
    assert faults_of(text)


# ---- what comes out --------------------------------------------------------------------------
def test_scenario__has_text_and_ids(world: Scenario) -> None:
    """Ids are sorted, ties normalised, absent references None, dates months from the start."""
    assert (
        "north -> greens via blues",
        "north -> reds",
        "north -> south",
        "south -> blues",
        "south -> north",
    ) == world.ids["ties"]
    assert ("blues", "greens", "north", "reds", "south") == world.ids["actors"]
    assert ("north", "greens", "blues") == tuple(
        world.text["ties", "north -> greens via blues", k] for k in ("from", "to", "broker")
    )
    assert {"reds": 1, "north": 1, "greens": 2} == world.text["fronts", "war", "sides"]
    assert ("coast", "north") == world.text["legs", "north-coast", "between"]
    assert (1, None) == (world.text["legs", "north-coast", "months"], world.text["legs", "north-coast", "host"])
    assert ((2020, 1), 60, "") == (world.start, world.months, world.branch)
    assert 12 == world.numbers["pacts", "treaty", "in_force"].value
    assert {"categories": 3, "legs": 3} == {section: len(world.ids[section]) for section in ("categories", "legs")}
    assert "The north" == world.labels["places", "north"]
    assert ("linear", "adaptive") == (world.rules["attrition"], world.rules["allocation"])


def test_scenario__numbers_are_in_internal_units(world: Scenario) -> None:
    """Flows are per month, persons are persons, percentages are multipliers."""
    income = world.numbers["states", "south", "income"]
    assert (500.0, ((24, 400.0),), 0.75, 2.2) == (income.value, income.series, income.low, income.high)
    own = world.numbers["states", "north", "income"]
    assert (100.0, 75.0, 125.0, ("S01",), "B", "file") == (
        own.value,
        own.low,
        own.high,
        own.source,
        own.grade,
        own.origin,
    )
    assert 8000 == world.numbers["proxies", "blues", "personnel"].value
    assert "world.toml:24" == own.place


def test_scenario__defaults_of_the_file_win_over_those_of_the_table(world: Scenario) -> None:
    """And an entry wins over both, number by number."""
    stock = {name: world.numbers["proxies", "greens", "stock", name] for name in ("rifles", "rockets")}
    assert {"rifles": (80, "file"), "rockets": (20, "defaults")} == {k: (v.value, v.origin) for k, v in stock.items()}
    assert "default" == world.numbers["proxies", "greens", "exposure"].origin
    assert ("proxies", "greens", "stock", "parts") not in world.numbers
    assert ("proxies", "greens", "pool") not in world.numbers
    assert math.inf == world.numbers["events", "embargo", "lasts"].value


def test_scenario__every_scalar_parameter_has_its_number(world: Scenario) -> None:
    """Unless its default is worked out."""
    sections = {key for key in world.ids if key in SECTIONS}
    for parameter in PARAMETERS:
        if len(parameter.axes) != 1 or parameter.default is None or math.isnan(parameter.default):
            continue
        for section in set(parameter.sections) & sections:
            assert {(section, name, parameter.key) for name in world.ids[section]} <= set(world.numbers)


def test_scenario__one_default_stands_for_all_categories() -> None:
    """In [defaults] a number may stand for an axis."""
    text = mutated("stock     = {rifles = 50, rockets = 20}", "stock     = 7")
    assert 7 == scenario_from_text(text).numbers["proxies", "reds", "stock", "parts"].value


def test_scenario__linear_series_have_one_step_a_month() -> None:
    """And what lies before the start is folded into the value."""
    text = mutated("{2020 = 0.1, 2022-03 = 0.8, 2023-06 = 0.2}", "{2019-11 = 0.1, 2020-03 = 0.5, linear = true}")
    number = scenario_from_text(text).numbers["fronts", "war", "intensity"]
    assert pytest.approx(0.3) == number.value
    assert [(1, pytest.approx(0.4)), (2, pytest.approx(0.5))] == list(number.series)


def test_events__are_resolved(world: Scenario) -> None:
    """Kinds, months, conditions and effects over full paths."""
    kinds = {event.id: (event.kind, event.first, event.last) for event in world.events}
    assert {
        "embargo": ("dated", 29, 29),
        "blockade": ("dated", 36, 41),
        "collapse": ("when", 0, 59),
        "fatigue": ("hazard", 0, 59),
    } == kinds
    fatigue = next(event for event in world.events if event.id == "fatigue")
    assert [("measure", "reds", 40.0, 3, False), ("happened", "embargo", None, 1, True)] == [
        (c.kind, c.of, c.below, c.months, c.negated) for c in fatigue.conditions]  # fmt: skip
    effects = {(effect.event, effect.verb, effect.path): effect.number.value for effect in world.effects}
    assert 0.5 == effects["embargo", "scale", ("legs", "north-hills", "limit")]
    assert 0.5 == effects["fatigue", "scale", ("fronts", "war", "engagement", "reds")]
    assert 0.25 == effects["collapse", "scale", ("states", "north", "stock", "parts")]
    assert 8 == len(effects)


# ---- layers, branches, changes ---------------------------------------------------------------
def test_precedence__set_over_branch_over_file() -> None:
    """Each layer wins over the one before, and facts stay those of the file."""
    path = ("pacts", "treaty", "strength")
    found = [scenario_from_text(QUICKSTART, branch=branch, sets=sets).numbers[path]
             for branch, sets in ((None, []), ("strong", []), ("strong", ["pacts.treaty.strength=0.7"]))]  # fmt: skip
    assert [(0.5, "file"), (1, "branch"), (0.7, "set")] == [(n.value, n.origin) for n in found]
    assert 0.5 == scenario_from_text(QUICKSTART, branch="strong").facts[path].value


def test_precedence__experiment_between_branch_and_set(tmp_path: Path) -> None:
    """An override wins over the branch, --set over the override."""
    file = tmp_path / "w.toml"
    file.write_text(QUICKSTART)
    over = {"pacts.treaty.strength": 0.2, "pacts.treaty.in_force": datetime.date(2022, 1, 1)}
    first = load_scenario(file, "strong", (), over)
    second = load_scenario(file, "strong", ["pacts.treaty.strength=0.3"], over)
    path = ("pacts", "treaty", "strength")
    assert (0.2, 24, 0.3) == (
        first.numbers[path].value,
        first.numbers["pacts", "treaty", "in_force"].value,
        second.numbers[path].value,
    )


def test_branches__join_and_extend() -> None:
    """Branches joined with + apply in turn, after those that they extend."""
    both = scenario_from_text(QUICKSTART, branch="calm+sea-patrol")
    assert "calm + sea-patrol" == both.branch
    assert (0.0, 0.2) == (
        both.numbers["pacts", "treaty", "strength"].value,
        both.numbers["legs", "north-coast", "detection"].value,
    )
    assert pytest.approx(0.9) == both.numbers["fronts", "war", "intensity"].series[0][1]
    assert ["embargo"] == [event.id for event in both.events if event.off]
    detection = both.numbers["legs", "north-coast", "detection"]
    assert (0.1, 0.6) == (detection.low, detection.high)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ('set = {legs."*".limit = 12, legs.north-coast.limit = 24}', (2, 1, 1)),
        ('set.legs."*".limit = 12\nset."legs.north-*".limit = 36', (3, 3, 1)),
        ('scale.legs."*".limit = 2', (40, 20, 100)),
        ('scale."legs.*.limit" = 2\nadd."legs.*-coast.limit" = 12', (41, 20, 100)),
    ],
)
def test_patterns__nested_or_quoted_are_the_same_and_the_more_literal_wins(
    changes: str, expected: tuple[float, ...]
) -> None:
    """`*` meets ids, whole or in part."""
    found = scenario_from_text(QUICKSTART + f"[branches.new]\n{changes}\n", branch="new").numbers
    assert expected == tuple(found["legs", leg, "limit"].value for leg in ("north-coast", "north-hills", "south-north"))


@pytest.mark.parametrize("tie", ["north -> *", "north->*", "north  ->  *"])
def test_patterns__spaces_round_the_arrow_are_free(tie: str) -> None:
    """A glob inside the id of a tie meets ties with a broker too."""
    found = scenario_from_text(QUICKSTART + f'[branches.new.scale.ties."{tie}"]\ncontrol = 0.5\n', branch="new").numbers
    assert (0.35, 0.2, 0.5) == tuple(
        found["ties", name, "control"].value
        for name in ("north -> reds", "north -> greens via blues", "south -> blues")
    )


def test_branches__may_set_text_and_lists() -> None:
    """With the checks that the file has."""
    new = (
        '[branches.new.set]\npacts.treaty = {members = ["south"], debtor = "south"}\n'
        'rules.attrition = "square"\nlegs.north-coast.months = 3\n'
    )
    found = scenario_from_text(QUICKSTART + new, branch="new")
    assert (("south",), "square", 3) == (
        found.text["pacts", "treaty", "members"],
        found.rules["attrition"],
        found.text["legs", "north-coast", "months"],
    )
    assert "not one of the members" in faults_of(QUICKSTART + new.replace(', debtor = "south"', ""), branch="new")[0][1]


def test_branches__replace_the_time_of_an_event_as_a_whole() -> None:
    """A branch that gives `on` takes away `window`."""
    found = scenario_from_text(QUICKSTART, sets=["events.blockade.on = 2021-01-01"])
    assert (12, 12) == next((event.first, event.last) for event in found.events if event.id == "blockade")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("legs.north-coast.limit", "PATH=VALUE"),
        ("legs.north-cost.limit=1", 'did you mean "north-coast"'),
        ("legs.north-coast.limit=-1", "allowed is 0"),
        ("rules.attrition=squar", 'did you mean "square"'),
        ("scenario.noise=2", "allowed is 0 to 1"),
        ("ties.north -> reds.weight=1", "quotes"),
        ("states.south.stock.rifles={2020 = 3}", "at the start of a run"),
        ("states.south={}", "empty table"),
    ],
)
def test_set__is_checked_as_if_it_were_written(change: str, word: str) -> None:
    """The place is shown as --set."""
    (_, message), *others = faults_of(QUICKSTART, sets=[change])
    assert ("--set", True, []) == (message.split(":")[0], word in message, others), message


#: What is replaced in the quickstart, what stands there instead, text on the line of the fault, path, and variant that went.
REMOVED_IN_FILES = {
    "rule": ("[rules]\n", '[rules]\nprocurement = "richardson"\n', "richardson", "rules.procurement", "richardson"),
    "default of a rule": ("[rules]\n", '[rules]\nstrikes = "fixed"\n', "fixed", "rules.strikes", "responsive"),
    "text": ('origin  = "north-made"\n', 'origin = "north-made"\nrival = "south"\n', "rival", "states.north.rival", "richardson"),
    "number": ('origin  = "north-made"\n', 'origin = "north-made"\noutlay = 3\n', "outlay", "states.north.outlay", "richardson"),
    "defaults": ("[defaults.proxies]", "[defaults.states]\nreaction = 0.1\n[defaults.proxies]", "reaction", "defaults.states.reaction", "richardson"),
    "event": ("[branches]\n", 'spending = {on = 2021-01-01, add."states.*.outlay" = 3}\n[branches]\n', "spending",
              "events.spending.add.states.*.outlay", "richardson"),
    "branch": ("[rules]\n", '[branches.race.set]\nrules.procurement = "share"\n[rules]\n', "share",
               "branches.race.set.rules.procurement", "richardson"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "marker", "path", "variant"), REMOVED_IN_FILES.values(), ids=REMOVED_IN_FILES)
def test_removed_key__has_one_line_with_place_and_cure(old: str, new: str, marker: str, path: str, variant: str) -> None:
    """A file for an earlier version says where to look, and what to write instead."""
    text = mutated(old, new)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if marker in row and row not in QUICKSTART)
    ((at, message),) = faults_of(text)
    assert (line, True, True, True) == (
        at,
        f": {path}: was removed" in message,
        f"variant {variant}" in message,
        message.endswith("as a policy: see docs/scenario-files.md, Policies"),
    ), message


def test_removed_key__is_named_under_set() -> None:
    """As from a command line."""
    ((_, message),) = faults_of(QUICKSTART, sets=["states.north.rival=\"south\""])
    assert message.startswith("--set: states.north.rival: was removed"), message


def test_set__takes_quoted_ties_and_tables() -> None:
    """As a shell would give them."""
    found = scenario_from_text(
        QUICKSTART, sets=['ties."north -> reds".weight=0.1', "pacts.treaty={strength = 1, ramp = 3}"]
    )
    assert (0.1, 3) == (
        found.numbers["ties", "north -> reds", "weight"].value,
        found.numbers["pacts", "treaty", "ramp"].value,
    )


def test_branch__unknown_is_named() -> None:
    """With the nearest."""
    assert 'did you mean "no-pact"' in faults_of(QUICKSTART, branch="no-pct")[0][1]
    assert "" == scenario_from_text(QUICKSTART.replace('branch = "none"', 'branch = "no-pact"'), branch="none").branch
    assert "no-pact" == scenario_from_text(QUICKSTART.replace('branch = "none"', 'branch = "no-pact"')).branch


# ---- extends ---------------------------------------------------------------------------------
def write(folder: Path, **files: str) -> Path:
    """Files in a folder; the path of child.toml."""
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return folder / "child.toml"


CHILD = 'kind = "world"\nextends = ["quick.toml"]\n'


def test_extends__later_wins_and_only_tables_merge(tmp_path: Path) -> None:
    """A child of two numbers is a world; it never inherits half a number."""
    more = "[states.north]\nincome = 2400\nstock = {rifles = 1}\n[events.blockade]\non = 2020-02-01\n"
    found = load_scenario(write(tmp_path, quick=QUICKSTART, child=CHILD + more))
    income = found.numbers["states", "north", "income"]
    assert (200, None, ()) == (income.value, income.low, income.source)
    assert (1, 800) == tuple(found.numbers["states", "north", "stock", name].value for name in ("rifles", "rockets"))
    assert income.place.endswith("child.toml:4")
    assert (1, 1) == next((e.first, e.last) for e in found.events if e.id == "blockade")


def test_extends__parts_need_nothing_and_their_faults_show_their_file(tmp_path: Path) -> None:
    """A part is checked, and is not a world of its own."""
    part = 'kind = "part"\n[sources]\nS1 = "x"\n[states.north]\nincom = 3\n'
    child = write(tmp_path, quick=QUICKSTART, p=part, child=CHILD.replace("]", ', "p.toml"]'))
    with pytest.raises(InputError, match=r'p.toml:5: states.north.incom: .*"income"') as caught:
        load_scenario(child)
    assert 1 == len(caught.value.faults)
    with pytest.raises(InputError, match="only other files can extend"):
        load_scenario(tmp_path / "p.toml")


@pytest.mark.parametrize(
    ("extends", "word"),
    [
        ('["../quick.toml"]', "same folder"),
        ('["/etc/passwd"]', "same folder"),
        ('["missing.toml"]', "not a file"),
        ('["link.toml"]', "out of the folder"),
        ('["child.toml"]', "circle"),
        ('["a.toml"]', "circle: child.toml -> a.toml -> child.toml"),
        ("[5]", "names of files"),
        ('"quick.toml"', "list of files"),
    ],
)
def test_extends__refuses_what_leads_out_or_nowhere(tmp_path: Path, extends: str, word: str) -> None:
    """One fault, and no follow-on about names that might stand in the missing file."""
    (tmp_path / "outside.toml").write_text('kind = "part"')
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.toml").symlink_to(tmp_path / "outside.toml")
    child = write(
        folder,
        child=f'kind = "world"\nextends = {extends}\n[ties]\n"x -> y" = {{}}\n',
        a='kind = "part"\nextends = ["child.toml"]',
    )
    with pytest.raises(InputError) as caught:
        load_scenario(child)
    assert [True] == [word in fault.message for fault in caught.value.faults], caught.value


def test_extends__reads_at_most_sixteen_files(tmp_path: Path) -> None:
    """A chain has an end."""
    files = {f"f{n}": f'kind = "part"\nextends = ["f{n + 1}.toml"]' for n in range(30)}
    with pytest.raises(InputError, match="at most 16"):
        load_scenario(write(tmp_path, **files, child='kind = "world"\nextends = ["f0.toml"]'))


def test_extends__keeps_the_unit_of_flows(tmp_path: Path) -> None:
    """Another unit in a child would change the parent's bare numbers."""
    with pytest.raises(InputError, match=r"child\.toml:4: scenario\.flows"):
        load_scenario(write(tmp_path, quick=QUICKSTART, child=CHILD + '[scenario]\nflows = "USD m / month"\n'))


# ---- hash ------------------------------------------------------------------------------------
def turned_round(text: str) -> str:
    """The same file with its tables, and the lines in them, in opposite order."""
    head, *tables = text.split("\n[")
    tables = ["\n".join([(rows := table.splitlines())[0], *reversed(rows[1:])]) for table in tables]
    return "\n[".join([head, *reversed(tables)])


def test_hash__does_not_depend_on_order_comments_labels_or_file_name(world: Scenario) -> None:
    """Only content counts."""
    same = [turned_round(QUICKSTART), QUICKSTART.replace("The north", "Nord"), "# a comment\n" + QUICKSTART]
    assert {world.hash} == {scenario_from_text(text, "other.toml").hash for text in same}
    assert world.effects == tuple(scenario_from_text(QUICKSTART).effects)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("decay = 0.01", "decay = 0.02"),
        ('mode = "sea"', 'mode = "land"'),
        ("below = 40", "below = 41"),
        ("high = 0.5,", "high = 0.6,"),
    ],
)
def test_hash__depends_on_content(world: Scenario, old: str, new: str) -> None:
    """Numbers, ranges, text and events count."""
    assert world.hash != scenario_from_text(mutated(old, new)).hash


# ---- units, schema, speed --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("USD m / year", "money_flow", 1.0), ("m USD/yr", "arms_flow", 1.0), ("$ million per annum", "money_flow", 1.0),
        ("USD bn / month", "money_flow", 12000.0), ("USD k / month", "money_flow", 0.012), ("USD k", "money", 0.012),
        ("USD", "arms", 12e-6), ("%", "share", 0.12), ("share", "share", 12.0), ("k persons", "persons", 12000.0),
        ("year", "months", 144.0), ("months", "capital", 12.0), ("% / month", "loss", 0.12),
        ("% / year", "loss", 1 - 0.88 ** (1 / 12)), ("US$ m p.a.", "money_flow", 1.0),
    ],
)  # fmt: skip
def test_units__twelve_of_each(text: str, kind: str, expected: float) -> None:
    """12 of a unit in internal units; losses compound."""
    assert pytest.approx(expected, rel=1e-12) == to_internal(
        12.0, kind, unit_for(text, kind), flows_unit("USD m / year")
    )


@pytest.mark.parametrize("kind", sorted(ALLOWED))
def test_units__say_what_is_allowed(kind: str) -> None:
    """For every kind."""
    with pytest.raises(UnitError) as caught:
        unit_for("bananas / fortnight", kind)
    assert ALLOWED[kind] in str(caught.value)
    assert {parameter.kind for parameter in BY_NAME.values()} == set(ALLOWED)


def test_editor_schema__knows_every_number_and_requires_nothing() -> None:
    """So that a child file of two numbers is clean in an editor."""
    text = json.dumps(editor_schema())
    assert '"required"' not in text
    assert [] == [parameter.name for parameter in PARAMETERS if json.dumps(parameter.meaning)[1:-1] not in text]


def test_door__needs_no_numeric_library() -> None:
    """Checking a file stays fast."""
    code = (
        "import sys, proxysim.scenario.resolve.loader; "
        "print([m for m in ('numpy', 'numba', 'pandas', 'networkx', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()
