"""What is legal in a world and probably not meant: each slip planted in a small world is named on its line, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from proxysim.errors import InputError
from proxysim.scenario.lint import jumps
from proxysim.scenario.lint.facts import Facts
from proxysim.scenario.lint.lint import static_warnings
from proxysim.scenario.lint.warning import CheckWarning, lines_of
from proxysim.scenario.resolve.loader import load_scenario, read_source
from proxysim.scenario.shipped import shipped_worlds

SCENARIOS = Path(__file__).parents[2] / "scenarios"
QUICKSTART = (SCENARIOS / "quickstart.toml").read_text(encoding="utf-8")
EMBARGO = 'embargo = {on = 2022-06-15, over = 3, scale.legs."*".limit = 0.5}'
INCOME = "scale.states.north.income = 0.5}"
LEG = '[ties]                                # who'


def after_embargo(line: str) -> tuple[str, str]:
    """One more event."""
    return EMBARGO, f"{EMBARGO}\n{line}"


def waiting(condition: str, more: str = "") -> tuple[str, str]:
    """One more event with a condition."""
    return after_embargo(f"raid = {{when = [{condition}], {more}{INCOME}")


# name: (old, new), text on the line, kind, path, words
PLANTED: dict[str, tuple[tuple[str, str], str, str, str, str]] = {
    "event after the end": (("2022-06-15", "2026-06-15"), "embargo", "outside-run", "events.embargo.on", "2026-06, after the end 2024-12"),
    "delay beyond the end": (("over = 3", "delay = 36"), "embargo", "outside-run", "events.embargo.on", "in 2025-06, 36 months after 2022-06, after"),
    "window beyond the end": (("on = 2022-06-15", "window = [2024-06-01, 2025-05-01]"), "embargo", "outside-run", "events.embargo.window",
                              "5 of the 12 months of its window after the end"),
    "event of the past": (("on = 2022-06-15, over = 3, scale.legs.\"*\".limit", "on = 2019-06-15, scale.states.north.stock.rifles"), "embargo",
                          "outside-run", "events.embargo.on", "before the start 2020-01"),
    "window from the past": (("on = 2022-06-15, over = 3, scale.legs.\"*\".limit", "window = [2019-11-01, 2020-03-01], scale.states.north.stock.rifles"),
                             "embargo", "outside-run", "events.embargo.window", "2 of the 5 months of its window before the start"),
    "share above 1": (waiting('{measure = "command", of = "reds", above = 1}'), "raid", "never-holds", "events.raid.when", "never above 1"),
    "below 0": (waiting('{measure = "stock", of = "reds", below = 0}'), "raid", "never-holds", "events.raid.when", "is never below 0"),
    "longer than the run": (waiting('{measure = "stock", of = "reds", below = 9, months = 80}'), "raid", "never-holds", "events.raid.when",
                            "for 80 months, and the run has 60"),
    "flow without a tie": (waiting('{measure = "sent_arms", of = "reds", above = 1}'), "raid", "never-holds", "events.raid.when", "no tie from it"),
    "both at once": (waiting('{measure = "stock", of = "reds", below = 9}, {measure = "stock", of = "reds", above = 20}'), "raid", "never-holds",
                     "events.raid.when", "cannot be below 9 and above 20 at once"),
    "when and unless": (waiting('{happened = "embargo"}', 'unless = [{happened = "embargo"}], '), "raid", "never-holds", "events.raid.unless",
                        '`when` and `unless` both have happened = "embargo"'),
    "unless of always": (after_embargo('raid = {chance_per_month = 0.5, unless = [{measure = "stock", of = "reds", above = -1}], ' + INCOME), "raid",
                         "never-holds", "events.raid.unless", "so `unless` always prevents it"),
    "waits for an event without chance": (after_embargo('old = {on = 2021-01-01, chance = 0, ' + INCOME + '\nraid = {when = [{happened = "old"}], ' + INCOME),
                                          "raid", "never-holds", "events.raid.when", '"old", which is switched off'),
    "scales by 1": (("limit = 0.5", "limit = 1"), "embargo", "no-effect", "events.embargo.scale.legs.north-coast.limit", "scales by 1"),
    "adds 0": (('scale.legs."*".limit = 0.5', "add.legs.north-coast.limit = 0"), "embargo", "no-effect", "events.embargo.add.legs.north-coast.limit",
               "adds 0"),
    "scales 0": (('scale.legs."*".limit', "scale.legs.south-north.detection"), "embargo", "no-effect",
                 "events.embargo.scale.legs.south-north.detection", "a number that is always 0"),
    "late series": (("{2020 = 6000, 2022", "{2021-06 = 6000, 2022"), "4800", "late-series", "states.south.income", "begins in 2021-06, after the start"),
    "series after the end": (("{2020 = 6000, 2022", "{2026 = 6000, 2027"), "4800", "late-series", "states.south.income", "only its first value counts"),
    "date after the end": (("2022 = 4800", "2022 = 4800, 2025 = 4700"), "4800", "late-dates", "states.south.income", "for 2025-01, after the end"),
    "pact after the end": (("in_force = 2021-01-01", "in_force = 2025-01-01"), "in_force", "outside-run", "pacts.treaty.in_force", "the pact never counts"),
    "closed leg": (('mode = "land", limit = 120', 'mode = "land", limit = 0'), '"north -> greens"', "closed-tie", "ties.north -> greens",
                   "the limit of north-hills is 0"),
    "no leave": (('mode = "land", limit = 120', 'mode = "land", leave = {north = 0}, limit = 120'), '"north -> greens"', "closed-tie",
                 "ties.north -> greens", "north-hills is closed to north"),
    "place without leave": (("hills = {}", "hills = {leave = {north = 0}}"), '"north -> greens"', "closed-tie", "ties.north -> greens",
                            "hills is closed to north"),
    "tie that carries nothing": (('"north -> reds"   = {weight = 0.6, control = 0.7}', '"north -> reds"   = {}'), '"north -> reds"', "idle-tie",
                                 "ties.north -> reds", "neither weight nor access"),
    "leg without a route": ((LEG, 'spare = {between = ["isle", "coast"], mode = "sea", limit = 10, detection = 0.1}\n[places.isle]\n' + LEG), "spare",
                            "no-effect", "legs.spare", "no route of any tie uses it"),
    "carriage of nothing": (('"north -> reds"   = {weight = 0.6, ', '"north -> reds"   = {'), '"north -> reds"', "no-effect", "ties.north -> reds.control",
                            "neither weight nor access"),
    "support without a weight": (('"north -> south"  = {', '"north -> south"  = {support_begins = 0.1, '), '"north -> south"', "no-effect",
                                 "ties.north -> south.support_begins", "the weight of north -> south is 0, so it carries no support"),
    "response without an end": (('"north -> reds"   = {weight = 0.6, ', '"north -> reds"   = {weight = 0.6, ends_response = 1, '), '"north -> reds"',
                                "no-effect", "ties.north -> reds.ends_response", "the support_ends of north -> reds is 0"),
    "patrol without effort": (('origin  = "south"\n', 'origin  = "south"\npatrols = {north-coast = 0.5}\n'), "patrols", "no-effect",
                              "states.south.patrols.north-coast", "the effort of south is 0"),
    "effort without patrols": (('origin  = "south"\n', 'origin  = "south"\neffort = 0.5\n'), "effort", "no-effect", "states.south.effort", "patrols no leg"),
    "commission of no broker": (("personnel = 8000}", "personnel = 8000, commission = 0.2}"), "commission", "no-effect", "proxies.blues.commission",
                                "no tie goes via blues"),
    "skim of no broker": (("personnel = 8000}", "personnel = 8000, skim = 0.2}"), "skim = 0.2", "no-effect", "proxies.blues.skim", "no tie goes via blues"),
    "skim of its own cargo": (('mode = "land", limit = 120', 'mode = "land", skim = {north = 0.1}, limit = 120'), "skim", "no-effect",
                              "legs.north-hills.skim.north", "is sent by north or goes to it"),
    "purchases without a seller": (("personnel = 8000}", "personnel = 8000}\nwhites = {home = \"coast\", buys_for_clients = 0.5}"), "buys_for_clients",
                                   "no-effect", "proxies.whites.buys_for_clients", "no tie leads to whites"),
    "purchases of the same origin": (('home    = "north"\norigin  = "north"', 'home    = "north"\norigin  = "south"\nbuys_for_clients = 0.5'), "buys_for_clients",
                                     "no-effect", "states.north.buys_for_clients", "no seller of north has another origin"),
    "response to no opponent": (("intensity = {2020 = 0.1,", "opposition = 0\nintensity = {2020 = 0.1,"), "raid", "no-effect", "events.raid.balance_response",
                                "no actor opposes side_a of coast-war"),
    "budget without clients": (("personnel = 8000}", "personnel = 8000, support_share = 0.2}"), "support_share = 0.2", "no-effect",
                               "proxies.blues.support_share", "no tie out of blues has a weight"),
    "demand of peace": (("personnel = 8000}", "personnel = 8000, demand = {rifles = 5}}"), "demand", "no-effect", "proxies.blues.demand.rifles",
                        "engaged on no front"),
    "exposure to no sanctions": (("support_share = 0.10", "exposure = 0.5\nsupport_share = 0.10"), "exposure", "no-effect", "states.north.exposure",
                                 "under no sanctions"),
    "quiet front": (("{2020 = 0.1, 2022-03 = 0.8, 2023-06 = 0.2}", "0"), "[fronts.coast-war]", "no-effect", "fronts.coast-war", "intensity is always 0"),
    "noiseless volatility": (("[events]", "[behaviour]\nleg_volatility = 0.5\n[events]"), "leg_volatility", "no-effect", "behaviour.leg_volatility",
                             "noise is 0"),
    "empty pact": (("provisions = {funding = 0.2, technology = 0.5, reciprocity = 0.1}", "provisions = {funding = 0}"), "[pacts.treaty]", "no-effect",
                   "pacts.treaty", "no provision above 0"),
    "pact of one": (('members  = ["north", "south"]', 'members  = ["north"]'), "[pacts.treaty]", "no-effect", "pacts.treaty", "fewer than two members"),
    "relief from nothing": (("reciprocity = 0.1}", "sanctions_relief = 0.1}"), "provisions", "no-effect", "pacts.treaty.provisions.sanctions_relief",
                            "no member of treaty is under sanctions"),
    "thousands comma": (("income  = 1200 ", "income  = 1200000 "), "income  = 1200000", "ratio", "states.north.income", "times too large"),
    "thousands comma as a point": (("income  = 1200 ", "income  = 1.2 "), "income  = 1.2", "ratio", "states.north.income", "times too small"),
    "jump": (("2022 = 4800", "2022 = 4.8"), "4.8", "jump", "states.south.income", "by a factor of 1,250"),
    "low end": (("income  = 1200 ", 'income  = {value = 1200, low = 0.9, high = 1500, grade = "D"} '), "low = 0.9", "jump", "states.north.income",
                "a factor of 1,333 away from its `low`"),
    "branch a thousand times off": (('about = "Detection at sea is doubled", ', 'set.states.south.income = 5500000, '), "sea-patrol", "jump",
                                    "states.south.income", "a factor of 917 away from the value in the file"),
    "event a thousand times off": (('scale.legs."*".limit = 0.5', "set.states.north.income = 1150000"), "embargo", "jump",
                                   "events.embargo.set.states.north.income", "a factor of 958 away"),
}  # fmt: skip
#: What else has to change so that the slip is one.
BESIDES = {
    "response to no opponent": (after_embargo('raid = {chance_per_month = 0.5, front = "coast-war", balance_response = 1, ' + INCOME),),
    "noiseless volatility": (('start    = 2020-01-01', 'noise = 0\nstart    = 2020-01-01'),),
    "relief from nothing": (('sanctions = {value = 0.3, low = 0.2, high = 0.5, grade = "D"}\n', ""),),
}


def warned(folder: Path, text: str) -> list[CheckWarning]:
    """Warnings about a world, without runs."""
    file = folder / "world.toml"
    file.write_text(text, encoding="utf-8")
    return static_warnings(Facts.of(read_source(file)))


def changed(*changes: tuple[str, str]) -> str:
    """The quickstart with some texts replaced, each of which it has once."""
    text = QUICKSTART
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", PLANTED)
def test_slip__is_named_on_its_line(tmp_path: Path, name: str) -> None:
    """With its kind, its path and the reason; and every warning has a cure."""
    change, marker, kind, path, words = PLANTED[name]
    text = changed(change, *BESIDES.get(name, ()))
    line = next(number for number, row in enumerate(text.splitlines(), 1) if row.lstrip().startswith(marker) or marker in row)
    found = warned(tmp_path, text)
    mine = [one for one in found if (one.kind, one.path, one.line) == (kind, path, line)]
    assert mine, found
    assert words in mine[0].message
    assert Path(mine[0].file).name == "world.toml"
    assert all(one.cure and "\n" not in str(one) for one in found)
    assert len({(one.kind, one.message) for one in found}) <= 2, found


@pytest.mark.parametrize("name", ["quickstart", "angola", "levant", "insurgency"])
def test_shipped_worlds__have_no_slips(name: str) -> None:
    """What needs no run finds nothing in them."""
    assert [] == static_warnings(Facts.of(read_source(name)))


def test_shipped_worlds__levant_2025_has_one_branch_of_the_past() -> None:
    """The branch switches on an event of levant.toml whose window has passed by 2025."""
    (found,) = static_warnings(Facts.of(read_source("levant-2025")))
    assert ("outside-run", "events.sa-22-handed-over.window") == (found.kind, found.path)
    assert "(in 1 branch: sa-22-delivered)" in found.message


@pytest.mark.parametrize("name", sorted(shipped_worlds()))
def test_income__a_thousand_times_too_large_or_small_is_noticed(name: str) -> None:
    """In four of five cases at least, over all actors of the shipped worlds, while nothing is noticed without the slip."""
    scenario = load_scenario(name)
    assert {} == jumps._among(scenario.numbers)
    tried, noticed = 0, 0
    for path, number in scenario.numbers.items():
        if path[2:] == ("income",) and number.origin != "default" and number.value > 0:
            for slip in (1000.0, 0.001):
                wrong = replace(number, value=number.value * slip, series=tuple((at, value * slip) for at, value in number.series))
                tried, noticed = tried + 1, noticed + (path in jumps._among({**scenario.numbers, path: wrong}))
    assert noticed >= 0.8 * tried > 0, (noticed, tried)


# ---- decisions and sharing ---------------------------------------------------------------------
@pytest.mark.parametrize(
    "change",
    [(EMBARGO, EMBARGO.replace("on = 2022-06-15", "on = 2026-06-15, chance = 0")),
     ("about = \"The pact has no effect\", set.pacts.treaty.strength = 0", "off = [\"embargo\"]"),
     waiting('{measure = "command", of = "reds", above = 1}', "chance = 0, "),
     ("income  = 1200 ", "income  = {2019 = 1100, 2020 = 1200, 2024-12 = 1300} ")],
    ids=["event without chance", "off in a branch", "condition of an event without chance", "dates before the start"],
)  # fmt: skip
def test_decision__is_no_slip(tmp_path: Path, change: tuple[str, str]) -> None:
    """An event that is switched off, and dates before the start, are meant."""
    assert [] == warned(tmp_path, changed(change))


def test_branch__that_gives_a_meaning_is_enough(tmp_path: Path) -> None:
    """A number counts if it counts in one branch, and a range that reaches above 0 is not 0."""
    tie = '"north -> reds"   = {weight = 0.6, control = 0.7}'
    branch = "[branches.armed]\nset.ties.\"north -> reds\".weight = 0.6\n"
    assert [] == warned(tmp_path, changed((tie, '"north -> reds"   = {weight = 0, control = 0.7}')) + branch)
    ranged = '"north -> reds"   = {weight = {value = 0, low = 0, high = 1, grade = "D"}, control = 0.7}'
    assert [] == warned(tmp_path, changed((tie, ranged)))


def test_defaults__count_if_one_entry_needs_them(tmp_path: Path) -> None:
    """A shared value is reported, once, only if it is idle for all entries."""
    shared = ("[defaults.proxies]", "[defaults.proxies]\ncommission = 0.2\nuse_rate = 0.03")
    (found,) = warned(tmp_path, changed((shared[0] + "                    # for", shared[1] + "\n# for")))
    assert ("no-effect", "defaults.proxies.commission") == (found.kind, found.path)


def test_extended_worlds__are_not_blamed_but_parts_are(tmp_path: Path) -> None:
    """Numbers of a world that others extend may count there; a part belongs to the world that extends it."""
    base = changed(("personnel = 8000}", "personnel = 8000, commission = 0.2}"))
    (tmp_path / "base.toml").write_text(base, encoding="utf-8")
    assert [] == warned(tmp_path, 'kind = "world"\nextends = ["base.toml"]\n')
    (tmp_path / "base.toml").write_text(base.replace('kind = "world"', 'kind = "part"'), encoding="utf-8")
    (found,) = warned(tmp_path, 'kind = "world"\nextends = ["base.toml"]\n')
    assert ("base.toml", "proxies.blues.commission") == (Path(found.file).name, found.path)


def test_branches__with_faults_are_named_together(tmp_path: Path) -> None:
    """All branches are resolved, so that a fault in one that is not the default is seen."""
    file = tmp_path / "world.toml"
    bad = '[branches.bad]\nset.proxies.reds.home = "nowhere"\n[branches.worse]\nset.states.north.home = "neverland"\n'
    file.write_text(QUICKSTART + bad, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Facts.of(read_source(file))
    assert {"nowhere", "neverland"} == {re.findall(r'"(\w+)"', fault.message)[0] for fault in caught.value.faults}


# ---- words -------------------------------------------------------------------------------------
def test_lines__of_one_text_are_one(tmp_path: Path) -> None:
    """Four numbers with the same reason are one line, which says how to see them all."""
    four = "commission = 0.2\nbroker_concealment = 0.1\ncommand_limit = 0.1\nbroker_capacity = 5\n"
    found = warned(tmp_path, QUICKSTART.replace("[legs]", "[proxies.blacks]\nhome = \"hills\"\n" + four + "[legs]", 1))
    (line,) = lines_of(found)
    assert ": warning: 4 entries: proxies.blacks.commission, proxies.blacks.broker_concealment (line " in line
    assert "and 1 more (--all lists them): can change nothing: no tie goes via blacks" in line
    assert 4 == len(lines_of(found, every=True))
