"""Patterns files: what a file becomes, and how each mistake in it is named."""
# ruff: noqa: E501 (tables of slips, as texts)

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.patterning import SCENARIOS, TEXT, faults_of, file_of, observation, pattern, written
from tests.sweeping import surroundings

from proxysim.errors import InputError
from proxysim.runs.series import Request
from proxysim.scenario.world.quantiles import Range
from proxysim.studies.patterns.document import MONTHS_FIXED, Level
from proxysim.studies.patterns.reader import read_patterns

PATTERNS = TEXT[TEXT.index("[patterns.growth]") : TEXT.index("[rivals.weak]")]
# name, text, what replaces it, the one fault with its line
SLIPS = [
    ("wrong kind", '"patterns"', '"pattern"', '1: kind: found "pattern"; allowed here is "patterns"'),
    ("world kind", '"patterns"', '"world"', '1: kind: found "world"; allowed here is "patterns"'),
    ("unknown key", "headline =", "hedline =", '4: hedline: is not a key here; did you mean "headline"?'),
    ("strange key", "headline =", "zzz =",
     "4: zzz: is not a key here; allowed are kind, world, branch, headline, sources, observations, patterns, rivals, left_out"),
    ("no world", 'world    = "quickstart"\n', "", "1: world: is missing"),
    ("branch", '"strong"', '"strnog"', '3: branch: "strnog" is not a branch of this file; did you mean "strong"?'),
    ("branch text", '"strong"', "5", "3: branch: needs text in quotes, of 1 to 2000 characters; found 5"),
    ("headline without a range", '"legs.north-coast.detection"', '"legs.north-coast.limit"',
     '4: headline: "legs.north-coast.limit" has no range in the world, so it has no ends to try'),
    ("headline nothing", '"legs.north-coast.detection"', '"legs.north-coast.detecton"',
     '4: headline: "legs.north-coast.detecton" "detecton" is not a key that can change here; did you mean "detection"?'),
    ("headline number", '["legs.north-coast.detection"]', "7", "4: headline: needs text in quotes, or a list of texts; found 7"),
    ("source text", '"A report"', "4", '6: sources.A-1: needs text, or {title = "...", url = "...", read = 2025-01-31}; found 4'),
    ("source unknown", 'grade = "D", source = "A-1"', 'grade = "D", source = "A-2"',
     '13: observations.rifles.visibility.source: "A-2" is not in [sources], here or in the world; did you mean "A-1"?'),
    ("cited unknown", 'published = "from May 2020"\nsource    = "A-1"', 'published = "from May 2020"\nsource    = "A-2"',
     '44: patterns.first-rifles.source: "A-2" is not in [sources], here or in the world; did you mean "A-1"?'),
    ("key of an observation", "visibility =", "visbility =", '13: observations.rifles.visbility: is not a key here; did you mean "visibility"?'),
    ("no of", 'of    = "stopped.*-coast"\n', "", "20: observations.stops.of: is missing"),
    ("of number", '"stopped.*-coast"', "3", "21: observations.stops.of: needs text in quotes, or a list of texts; found 3"),
    ("of list", '["made.north", "made.south"]', '["made.north", 3]',
     "18: observations.output.of: needs text in quotes, or a list of texts; found a list"),
    ("of empty", '["made.north", "made.south"]', "[]", "18: observations.output.of: needs text in quotes, or a list of texts; found an empty list"),
    ("quantity", '"stopped.*-coast"', '"stoped.*-coast"', '21: observations.stops.of: "stoped" is not a quantity; did you mean "stopped"?'),
    ("id", '"sent.north -> reds"', '"sent.north -> red"',
     '9: observations.rifles.of: "north -> red" is not the id of a tie of the world; did you mean "north -> reds"?'),
    ("units", '"made.north", "made.south"', '"made.north", "personnel.south"',
     "18: observations.output.of: adds quantities with different units: USD m / month, persons"),
    ("category", '"rifles"\norigin', '"rifle"\norigin',
     '10: observations.rifles.category: "rifle" is not a category of the world; they are rifles, rockets; did you mean "rifles"?'),
    ("channel", '"support"', '"suport"',
     '12: observations.rifles.channel: "suport" is not a channel of the world; they are support, retransfer, sale, reciprocity; did you mean "support"?'),
    ("no channel", '["made.north", "made.south"]\n', '["made.north", "made.south"]\nchannel = "sale"\n',
     "19: observations.output.channel: made has no channel; leave it out"),
    ("measure has no category", '"made.north", "made.south"]\n', '"revenue.north"]\ncategory = "rifles"\n',
     "19: observations.output.category: revenue has no category; leave it out"),
    ("visibility out", "{value = 0.8", "{value = 1.8",
     '13: observations.rifles.visibility.value: found 1.8; allowed is 0 to 1; for 1.8 % write 0.018 or {value = 1.8, unit = "%"}'),
    ("visibility text", "per_unit   = 2", 'per_unit = "two"', '14: observations.rifles.per_unit: needs a number; found "two"'),
    ("per_unit negative", "per_unit   = 2", "per_unit = -2", "14: observations.rifles.per_unit: found -2; allowed is 0 to 1e+12"),
    ("range turned", "low = 0.5, high = 1, grade", "low = 0.9, high = 1, grade",
     "13: observations.rifles.visibility.low: found 0.9, above the value 0.8"),
    ("error word", '"lognormal 0.2"', '"lognorml 0.2"',
     '15: observations.rifles.error: found "lognorml 0.2"; allowed are none, lognormal SD, normal SD, poisson, binomial and negative-binomial SIZE; did you mean "lognormal"?'),
    ("error without size", '"lognormal 0.2"', '"lognormal"',
     '15: observations.rifles.error: found "lognormal"; write a number after it, such as lognormal 0.2'),
    ("error with size", '"binomial"', '"binomial 3"', '22: observations.stops.error: found "binomial 3"; write only binomial'),
    ("error size", '"lognormal 0.2"', '"lognormal -1"', '15: observations.rifles.error: found "lognormal -1"; the number after lognormal is above 0 and at most 5'),
    ("error nan", '"lognormal 0.2"', '"lognormal nan"',
     '15: observations.rifles.error: found "lognormal nan"; the number after lognormal is above 0 and at most 5'),
    ("error size word", '"lognormal 0.2"', '"lognormal much"',
     '15: observations.rifles.error: found "lognormal much"; the number after lognormal is above 0 and at most 5'),
    ("binomial of flows", '"lognormal 0.2"', '"binomial"', "15: observations.rifles.error: binomial is for counted events: stopped and strikes"),
    ("error number", '"binomial"', "0.2", "22: observations.stops.error: needs text in quotes, of 1 to 2000 characters; found 0.2"),
    ("period", '"year"', '"quarter"', '19: observations.output.period: found "quarter"; allowed are month, year'),
    ("lag negative", "lag        = 2", "lag = -1", "16: observations.rifles.lag: found -1; allowed is a whole number of months from 0 to 59"),
    ("lag long", "lag        = 2", "lag = 60", "16: observations.rifles.lag: found 60; allowed is a whole number of months from 0 to 59"),
    ("lag fraction", "lag        = 2", "lag = 1.5", "16: observations.rifles.lag: found 1.5; allowed is a whole number of months from 0 to 59"),
    ("lag bool", "lag        = 2", "lag = true", "16: observations.rifles.lag: found true; allowed is a whole number of months from 0 to 59"),
    ("key of a pattern", "months    = 2", "month = 2", '41: patterns.first-rifles.month: is not a key here; did you mean "months"?'),
    ("no about", 'about     = "Rifles arrive"\n', "", "35: patterns.first-rifles.about: is missing"),
    ("about number", 'about     = "Rifles arrive"', "about = 3",
     "36: patterns.first-rifles.about: needs text in quotes, of 1 to 2000 characters; found 3"),
    ("about empty", 'about     = "Rifles arrive"', 'about = " "',
     '36: patterns.first-rifles.about: needs text in quotes, of 1 to 2000 characters; found " "'),
    ("no observe", 'observe   = "stops"\n', "", "47: patterns.delay.observe: is missing"),
    ("observe", 'observe   = "stops"', 'observe = "stop"',
     '49: patterns.delay.observe: "stop" is not one of the observations; did you mean "stops"?'),
    ("key of another statistic", '"ratio"', '"mean"', "28: patterns.growth.over: is not used by mean; leave it out"),
    ("months of another", "over      =", "months = 2\nover =", "28: patterns.growth.months: is not used by ratio; leave it out"),
    ("no window", 'window    = ["2022-01", "2024-12"]\n', "", "23: patterns.growth.window: is missing"),
    ("window one", '["2022-01", "2024-12"]', '["2022-01"]',
     '27: patterns.growth.window: needs two months such as ["2022-01", "2024-12"]; found a list'),
    ("window text", '["2022-01", "2024-12"]', '"2022"', '27: patterns.growth.window: needs two months such as ["2022-01", "2024-12"]; found "2022"'),
    ("window month", '["2022-01", "2024-12"]', '["2022-13", "2024-12"]',
     '27: patterns.growth.window: needs a month such as "2022-01"; found "2022-13"'),
    ("window outside", '["2022-01", "2024-12"]', '["2022-01", "2025-12"]',
     '27: patterns.growth.window: found "2022-01" to "2025-12"; the world runs from 2020-01 to 2024-12'),
    ("window before", '["2020-01", "2021-12"]', '["2019-01", "2021-12"]',
     '28: patterns.growth.over: found "2019-01" to "2021-12"; the world runs from 2020-01 to 2024-12'),
    ("window turned", '["2022-01", "2024-12"]', '["2024-01", "2022-12"]',
     '27: patterns.growth.window: found "2024-01" to "2022-12"; the first month is after the last'),
    ("window not of years", '["2022-01", "2024-12"]', '["2022-02", "2024-12"]',
     "27: patterns.growth.window: does not hold whole calendar years, but output is by year"),
    ("over not of years", '["2020-01", "2021-12"]', '["2020-01", "2021-11"]',
     "28: patterns.growth.over: does not hold whole calendar years, but output is by year"),
    ("no level", "above     = 0.1\n", "", "35: patterns.first-rifles: first-month needs `above` or `below`"),
    ("level text", "above     = 0.1", 'above = "rifle"',
     '40: patterns.first-rifles.above: found "rifle"; allowed is a number or the name of an observation; did you mean "rifles"?'),
    ("two levels", "above     = 0.1", "above = 0.1\nbelow = 3", "41: patterns.first-rifles.below: goes with above; give one of them"),
    ("lag against what", "against_above = 0.1\n", "",
     "47: patterns.delay: lag-between needs either `since`, a month, or `against` with `against_above` or `against_below`"),
    ("lag since what", 'against   = "rifles"\nagainst_above = 0.1\n', "",
     "47: patterns.delay: lag-between needs either `since`, a month, or `against` with `against_above` or `against_below`"),
    ("lag both", 'against   = "rifles"', 'against   = "rifles"\nsince = "2020-05"',
     "47: patterns.delay: lag-between needs either `since`, a month, or `against` with `against_above` or `against_below`"),
    ("since", 'against   = "rifles"\nagainst_above = 0.1\n', 'since = "May"\n',
     '53: patterns.delay.since: needs a month such as "2022-01"; found "May"'),
    ("against", 'against   = "rifles"', 'against = "riffles"',
     '53: patterns.delay.against: "riffles" is not one of the observations; did you mean "rifles"?'),
    ("yearly first month", 'observe   = "rifles"', 'observe = "output"',
     "37: patterns.first-rifles.observe: first-month needs monthly observations; output is by year"),
    ("slope of one", 'statistic = "ratio"\nwindow    = ["2022-01", "2024-12"]\nover      = ["2020-01", "2021-12"]', 'statistic = "slope"\nwindow = ["2022-01", "2022-12"]',
     "27: patterns.growth.window: has one period; slope needs two or more"),
    ("months", "months    = 2", "months = 0", "41: patterns.first-rifles.months: found 0; allowed is a whole number of months from 1 to 60"),
    ("months long", "months    = 2", "months = 61", "41: patterns.first-rifles.months: found 61; allowed is a whole number of months from 1 to 60"),
    ("no range", "low       = 0.5\nhigh      = 5\n", "", "23: patterns.growth: needs `low`, `high`, or both"),
    ("low text", "low       = 0.5", 'low = "0.5"', '29: patterns.growth.low: found "0.5"; allowed is a number'),
    ("low above high", "low       = 0.5", "low = 6", "29: patterns.growth.low: found 6, which is above `high`"),
    ("low no month", 'low       = "2020-05"', "low = 5", '42: patterns.first-rifles.low: needs a month such as "2022-01"; found 5'),
    ("at_least", "at_least  = 0.1", "at_least = 2", "60: patterns.delay.at_least: found 2; allowed is 0 to 1"),
    ("at_least 0", "at_least  = 0.1", "at_least = 0", "60: patterns.delay.at_least: found 0; allowed is above 0 and at most 1"),
    ("at_least text", "at_least  = 0.1", 'at_least = "most"', '60: patterns.delay.at_least: found "most"; allowed is 0 to 1'),
    ("dated range outside", 'low       = "2020-05"', 'low = "2022-05"', '42: patterns.first-rifles.low: found "2022-05", which is outside the window'),
    ("since outside", 'against   = "rifles"\nagainst_above = 0.1\n', 'since = "2031-05"\n',
     '53: patterns.delay.since: found "2031-05", which is outside the world'),
    ("months of the window", "months    = 2", "months = 22", "41: patterns.first-rifles.months: found 22; the window has only 21"),
    ("day in a month", 'low       = "2020-05"', 'low = "2020-05-17"', '42: patterns.first-rifles.low: needs a month such as "2022-01"; found "2020-05-17"'),
    ("share of itself", 'statistic = "ratio"\nwindow    = ["2022-01", "2024-12"]\nover      = ["2020-01", "2021-12"]',
     'statistic = "share"\nwindow = ["2022-01", "2024-12"]\nagainst = "output"', "28: patterns.growth.against: is the observation itself, so the share is always 1"),
    ("share of months in years", 'statistic = "ratio"\nwindow    = ["2022-01", "2024-12"]\nover      = ["2020-01", "2021-12"]',
     'statistic = "share"\nwindow = ["2022-01", "2024-12"]\nagainst = "rifles"',
     "25: patterns.growth.observe: output and rifles have different periods, month and year"),
    ("ratio without a base", 'over      = ["2020-01", "2021-12"]\n', "",
     "23: patterns.growth: a ratio needs a base: another window in `over`, another observation in `against`, or both"),
    ("rank alone", 'statistic = "ratio"\nwindow    = ["2022-01", "2024-12"]\nover      = ["2020-01", "2021-12"]',
     'statistic = "rank"\nwindow = ["2022-01", "2024-12"]\namong = ["output"]', "28: patterns.growth.among: has none; a rank needs the other observations"),
    ("months changed", "behaviour.plant_wear=0.2;", "scenario.end=2023-12-01;", f"34: patterns.growth.fails_if: {MONTHS_FIXED}"),
    ("rival with other months", "pacts.treaty.strength=0.1", "scenario.start=2019-01-01", f"63: rivals.weak.set: {MONTHS_FIXED}"),
    ("drawn with another", 'grade = "D", source', 'moves_with = "states.north.income", source',
     "13: observations.rifles.visibility.moves_with: is not used here; each observation is drawn on its own"),
    ("lognormal too wide", '"lognormal 0.2"', '"lognormal 6"', '15: observations.rifles.error: found "lognormal 6"; the number after lognormal is above 0 and at most 5'),
    ("role", '"check"', '"chek"', '58: patterns.delay.role: found "chek"; allowed are fit, check, construction, input; did you mean "check"?'),
    ("no role", 'role      = "check"\n', "", "47: patterns.delay.role: is missing"),
    ("fit without fails_if", 'fails_if  = ["weak", "no-output", "behaviour.plant_wear=0.2; behaviour.decay=0"]\n', "",
     "23: patterns.growth.fails_if: is missing; a pattern that nothing can fail is no evidence, so name wrong models that it should reject"),
    ("input without because", 'because   = "stocks of north"\n', "",
     '35: patterns.first-rifles.because: is missing; say which number or rule makes the pattern true, since its role is "input"'),
    ("construction without because", 'role      = "input"\nbecause   = "stocks of north"', 'role = "construction"',
     '35: patterns.first-rifles.because: is missing; say which number or rule makes the pattern true, since its role is "construction"'),
    ("fails_if", '"no-interdiction"', '"no-interdicton"',
     '59: patterns.delay.fails_if: "no-interdicton" is not one of the rivals, here or built in, nor PATH=VALUE; did you mean "no-interdiction"?'),
    ("fails_if own", '["weak",', '["weka",',
     '34: patterns.growth.fails_if: "weka" is not one of the rivals, here or built in, nor PATH=VALUE; did you mean "weak"?'),
    ("fails_if path", "behaviour.plant_wear=0.2;", "behaviour.plant_waer=0.2;",
     '34: patterns.growth.fails_if: behaviour.plant_waer: "plant_waer" is not a key that can change here; did you mean "plant_wear"?'),
    ("fails_if value", "behaviour.plant_wear=0.2;", "behaviour.plant_wear=7;", "34: patterns.growth.fails_if: behaviour.plant_wear: found 7; allowed is 0 to 1"),
    ("fails_if second", "behaviour.decay=0", "behaviour.decay=lots", '34: patterns.growth.fails_if: behaviour.decay: needs a number; found "lots"'),
    ("published", 'published = "half to five times"\n', "", "23: patterns.growth.published: is missing"),
    ("no source", 'published = "within a year"\nsource    = "A-1"\n', 'published = "within a year"\n', "47: patterns.delay.source: is missing"),
    ("rival key", 'set    = ["pacts.treaty.strength=0.1"]', 'sets = ["pacts.treaty.strength=0.1"]',
     '63: rivals.weak.sets: is not a key here; did you mean "set"?'),
    ("rival set", "strength=0.1", "strength=lots", '63: rivals.weak.set: pacts.treaty.strength: needs a number; found "lots"'),
    ("rival branch", '"sea-patrol"', '"sea-patrl"', '64: rivals.weak.branch: "sea-patrl" is not a branch of the world; did you mean "sea-patrol"?'),
    ("rival off", '["embargo"]', '["embrago"]', '65: rivals.weak.off: "embrago" is not an event of the world; did you mean "embargo"?'),
    ("rival nothing", 'set    = ["pacts.treaty.strength=0.1"]\nbranch = "sea-patrol"\noff    = ["embargo"]\n', "",
     "61: rivals.weak: changes nothing; give `set`, `branch` or `off`"),
    ("rival about", 'about  = "A weak pact in a world with patrols"\n', "", "61: rivals.weak.about: is missing"),
    ("left out", 'because = "the model has no prices"\n', "", "66: left_out.prices.because: is missing"),
    ("toml", "at_least  = 0.1", "at_least = = 0.1", "60: patterns.delay.at_least: has no value; add one"),
    ("twice", "months    = 2", "months = 2\nmonths = 3", "42: patterns.first-rifles.months: is given twice (first on line 41); keep one"),
]


@pytest.mark.parametrize(("old", "new", "fault"), [slip[1:] for slip in SLIPS], ids=[slip[0] for slip in SLIPS])
def test_slip__is_one_fault_with_its_line_and_cure(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """One mistake, one line."""
    assert old in TEXT
    assert [fault] == faults_of(tmp_path, TEXT.replace(old, new, 1))


# name, text, what replaces it, the beginning of each fault with its line
MORE = [
    ("no kind", 'kind     = "patterns"', "", ['1: kind: is missing; begin the file with kind = "patterns"']),
    ("world is a number", '"quickstart"', "3", ["2: world: needs the path of a world file in quotes; found 3"]),
    ("no such world", '"quickstart"', '"quickstrat"', ["quickstrat: does not exist", '2: world: "quickstrat" cannot be used; its faults are listed as well']),
    ("no such file", '"quickstart"', '"quick.toml"', ["quick.toml: does not exist", '2: world: "quick.toml" cannot be used; its faults are listed as well']),
    ("world is a folder", '"quickstart"', '"."', ['2: world: "." cannot be used; its faults are listed as well']),
    ("no section", "[observations.output]\n", "[observations]\noutput = 3\n[observations.x]\n", ["18: observations.output: needs a table [observations.output]; found 3"]),
    ("name of an observation", "observations.stops", 'observations."st ops"', ["20: observations.st ops: is not a name here; use letters, digits, -, _ and dots",
                                                                             '49: patterns.delay.observe: "stops" is not one of the observations']),
    ("no id", '"stopped.*-coast"', '"stopped"', ['21: observations.stops.of: "stopped" needs an id; write QUANTITY.ID']),
    ("id of an actor", '"made.north", "made.south"', '"made.nrth"', ['18: observations.output.of: "nrth" is not the id of a']),
    ("origin", '["north", "other"]', '["east"]', ['11: observations.rifles.origin: "east" is not a']),
    ("range", "low = 0.5, high = 1, grade", "lwo = 0.5, high = 1, grade", ["13: observations.rifles.visibility.high: is given alone",
                                                                          "13: observations.rifles.visibility.lwo: is not a field of a number"]),
    ("statistic", '"ratio"', '"raito"', ['26: patterns.growth.statistic: found "raito"; allowed are mean, sum, share, ratio, first-month, lag-between, rank, slope, variance-over-mean, event-rate, peak; did you mean "ratio"?']),
    ("no statistic", 'statistic = "ratio"\n', "", ["23: patterns.growth.statistic: is missing"]),
    ("low is no number", "low       = 0.5", "low = nan", ["29: patterns.growth.low: is nan; a finite number is needed"]),
    ("no fails_if", 'fails_if  = "no-interdiction"', "fails_if = []", ["59: patterns.delay.fails_if: needs text in quotes, or a list of texts; found an empty list"]),
    ("level", "above     = 0.1", "above = true", ["40: patterns.first-rifles.above: found true; allowed is a number"]),
    ("rival built in", "rivals.weak", "rivals.no-trade", ["61: rivals.no-trade: is the name of a wrong model that is built in; give another name"]),
    ("rival of a policy", "rivals.weak", "rivals.no-policy-x", ['34: patterns.growth.fails_if: "weak" is not one of the rivals',
     "61: rivals.no-policy-x: is the name of a wrong model that is built in; give another name"]),
    ("share", '"ratio"', '"share"', ["23: patterns.growth.against: is missing; a share needs the observation of which it is a share", "28: patterns.growth.over: is not used by share; leave it out"]),
    ("rank", '"ratio"', '"rank"', ["23: patterns.growth.among: is missing; a rank needs the other observations", "28: patterns.growth.over: is not used by rank; leave it out"]),
    ("among", '"ratio"', '"rank"\namong = ["stop"]', ['27: patterns.growth.among: "stop" is not one of the observations; did you mean "stops"?']),
    ("left out", "because = \"the model has no prices\"", 'why = "the model has no prices"', ["66: left_out.prices.because: is missing",
                                                                                       "68: left_out.prices.why: is not a key here; allowed are about, because, source"]),
    ("lag before both windows", "lag        = 2", "lag = 6", [f"{line}: patterns.{name}.window: begins before 2020-07, the first month that rifles shows with its lag of 6 months"
                                                              for line, name in ((39, "first-rifles"), (51, "delay"))]),
    ("no patterns", PATTERNS, "", ["1: patterns: is missing"]),
    ("empty patterns", PATTERNS, "[patterns]\n", ["23: patterns: has no pattern"]),
    ("sources", '[sources]\nA-1 = "A report"', "sources = 3", ["5: sources: needs a table of sources; found 3",
     *(f'{line}.source: "A-1" is not in [sources], here or in the world' for line in ("12: observations.rifles.visibility", "31: patterns.growth", "43: patterns.first-rifles",
                                                                                    "56: patterns.delay", "68: left_out.prices"))]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "begins"), [slip[1:] for slip in MORE], ids=[slip[0] for slip in MORE])
def test_slip__that_leads_to_others_is_named_with_them(tmp_path: Path, old: str, new: str, begins: list[str]) -> None:
    """Each expected fault is there, on its line."""
    assert old in TEXT
    found = faults_of(tmp_path, TEXT.replace(old, new, 1))
    assert [] == [begin for begin in begins if not any(fault.startswith(begin) for fault in found)], found
    assert len(found) <= len(begins) + 1


def test_faults__are_all_named_in_one_pass(tmp_path: Path) -> None:
    """In every part of the file, among them those that only TOML has."""
    text = TEXT
    planted = {3: ('"strong"', '"strong"\nzzz = 1'), 11: ('"rifles"\norigin', '"rifle"\norigin'), 20: ('"year"', '"quarter"'),
               28: ('["2022-01", "2024-12"]', '["2022-01", "2025-12"]'), 35: ('"no-output"', '"no-outptu"'), 42: ("months    = 2", "months = "),
               59: ('"check"', '"chek"'), 65: ('"sea-patrol"', '"sea"'), 68: ('the model has no prices"', '"')}  # fmt: skip
    for old, new in planted.values():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    lines = {int(fault.split(":")[0]) for fault in faults_of(tmp_path, text)}
    assert {4, *list(planted)[1:-1]} <= lines


def test_faults__of_the_world_are_named_with_those_of_the_file(tmp_path: Path) -> None:
    """With the name and the lines of the world."""
    world = (SCENARIOS / "quickstart.toml").read_text(encoding="utf-8").replace("income  = 1200", "income  = ")
    found = faults_of(tmp_path, TEXT.replace('"quickstart"', '"mine.toml"').replace("headline =", "hedline ="), mine=world)
    assert ['2: world: "mine.toml" cannot be used; its faults are listed as well', '4: hedline: is not a key here; did you mean "headline"?'] == found[-2:]
    assert ["mine.toml:23: states.north.income: has no value; add one"] == found[:-2]


@pytest.mark.parametrize(("statistic", "of", "words"), [
    ("sum", "personnel.reds", "sum adds periods, but a is a level and not a flow or a count"),
    ("event-rate", "funds.north", "event-rate adds periods, but a is a level and not a flow or a count"),
    ("share", "personnel.reds", "a and b have different units: "), ("rank", "personnel.reds", "a and b have different units: "),
])  # fmt: skip
def test_observations__that_cannot_be_judged_so_are_refused(tmp_path: Path, statistic: str, of: str, words: str) -> None:
    """Levels are not added up, and men are no share of dollars."""
    more = {"share": {"against": "b"}, "rank": {"among": ["b"]}}.get(statistic, {})
    with pytest.raises(InputError, match=f"patterns.p.(observe|statistic): {words}"):
        file_of(tmp_path, {"a": observation(of), "b": observation("made.north")}, {"p": pattern("a", statistic, low=0, **more)})


# ---- files of other kinds ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["world", "part", "experiment", "posterior"])
def test_file__of_another_kind_is_one_fault(tmp_path: Path, kind: str) -> None:
    """Whatever else is in it."""
    assert [f'1: kind: found "{kind}"; allowed here is "patterns"'] == faults_of(tmp_path, f'kind = "{kind}"\nmore = 1\n[observations]\nx = 1\n')


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n"])
def test_file__without_content_is_told_how_to_begin(tmp_path: Path, text: str) -> None:
    """On its first line."""
    assert '1: kind: is missing; begin the file with kind = "patterns"' in faults_of(tmp_path, text)


def test_file__that_is_not_toml_is_named_by_line(tmp_path: Path) -> None:
    """As in files of worlds."""
    found = faults_of(tmp_path, "Dear reader,\nthis is a letter.\n")
    assert found and all(fault.split(":")[0] in "12" for fault in found)


def test_file__that_is_no_text_is_one_fault(tmp_path: Path) -> None:
    """Bytes that are not UTF-8."""
    (tmp_path / "some.patterns.toml").write_bytes(b"\xff\xfe\x00kind")
    with pytest.raises(InputError) as caught:
        read_patterns(tmp_path / "some.patterns.toml")
    assert 1 == len(caught.value.faults)


def test_file__that_is_a_folder_or_missing_is_one_fault(tmp_path: Path) -> None:
    """With its name."""
    for place, words in ((tmp_path, "is a folder"), (tmp_path / "none.toml", "does not exist")):
        with pytest.raises(InputError, match=words) as caught:
            read_patterns(place)
        assert [str(place)] == [fault.file for fault in caught.value.faults]


def test_file__that_is_a_pipe_is_one_fault_at_once(tmp_path: Path) -> None:
    """Nobody writes into it."""
    os.mkfifo(tmp_path / "pipe.toml")
    code = f"from proxysim.studies.patterns.reader import read_patterns; read_patterns({str(tmp_path / 'pipe.toml')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=surroundings())
    assert "InputError" in done.stderr and "pipe.toml" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["quickstart", "levnat"])
def test_name__without_a_patterns_file_is_one_fault(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With those that there are."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="is neither a patterns file nor a shipped world that has one; shipped are angola, levant") as caught:
        read_patterns(name)
    assert 1 == len(caught.value.faults)
    assert (name == "levnat") == ('did you mean "levant"?' in str(caught.value))


# ---- what a file becomes -------------------------------------------------------------------------------------------


def test_file__becomes_observations_patterns_rivals_and_what_is_left_out(tmp_path: Path) -> None:
    """Every key of the example ends in its place."""
    found = read_patterns(written(tmp_path))
    assert ("strong", (("legs", "north-coast", "detection"),)) == (found.branch, found.headline)
    rifles, output, stops = found.observations.values()
    assert (Request("sent", ("north -> reds",), (("channel", ("support",)), ("category", ("rifles",)), ("origin", ("north", "other")))),) == rifles.requests
    assert (Range(0.8, 0.5, 1.0, "split"), Range(2.0, 2.0, 2.0, "split"), "lognormal", 0.2, 1, 2, ("D",)) == (
        rifles.visibility, rifles.per_unit, rifles.error, rifles.size, rifles.period, rifles.lag, rifles.grades)  # fmt: skip
    assert (12, True, ("made.north", "made.south")) == (output.period, output.adds, tuple(f"{one.quantity}.{one.ids[0]}" for one in output.requests))
    assert (Request("stopped", ("north-coast",)),) == stops.requests and ("binomial", 0.0) == (stops.error, stops.size)
    growth, first, delay = found.patterns
    assert ((24, 60), (0, 24), 0.5, 5.0, True) == (growth.window, growth.over, growth.low, growth.high, growth.is_evidence)
    assert ("weak", "no-output", "behaviour.plant_wear=0.2; behaviour.decay=0") == growth.fails_if
    assert (Level(True, 0.1), 2, 4.0, float("inf"), False, "stocks of north") == (first.level, first.months, first.low, first.high, first.is_evidence, first.because)
    assert (Level(True, 1.0), Level(True, 0.1), "rifles", None, 0.1) == (delay.level, delay.against_level, delay.against, delay.since, delay.at_least)
    assert (growth, delay) == found.evidence
    weak = found.rivals["weak"]
    assert (("pacts.treaty.strength=0.1",), "sea-patrol", ("embargo",)) == (weak.sets, weak.branch, weak.off)
    assert [("prices", "the model has no prices", ("A-1",))] == [(one.id, one.because, one.source) for one in found.left_out]
    assert {"A-1": "A report"} == found.sources


def test_months__may_be_text_or_dates(tmp_path: Path) -> None:
    """Text without a day, or a date of TOML."""
    for low in ('"2020-05"', "2020-05-01"):
        assert 4.0 == read_patterns(written(tmp_path, TEXT.replace('"2020-05"', low))).patterns[1].low


def test_ids__with_a_star_are_all_that_fit_in_the_order_of_the_world(tmp_path: Path) -> None:
    """The order of a list of categories does not matter."""
    found = file_of(tmp_path, {"a": observation("sent.north -> *"), "b": observation("made.*", category=["rockets", "rifles"])})
    assert ("north -> greens", "north -> reds", "north -> south") == found.observations["a"].requests[0].ids
    assert (("category", ("rifles", "rockets")),) == found.observations["b"].requests[0].only


def test_ties__may_be_written_without_spaces(tmp_path: Path) -> None:
    """As in worlds."""
    found = file_of(tmp_path, {"a": observation("sent.north->reds"), "b": observation("sent.north -> reds")})
    assert found.observations["a"].requests == found.observations["b"].requests


def test_world__next_to_the_file_comes_before_a_shipped_one(tmp_path: Path) -> None:
    """A file of that name is meant."""
    text = (SCENARIOS / "quickstart.toml").read_text(encoding="utf-8").replace("2024-12-01", "2023-12-01")
    (tmp_path / "quickstart").write_text(text, encoding="utf-8")
    assert 48 == file_of(tmp_path, {"a": observation("made.north")}, {"p": pattern("a", "mean", window=("2020-01", "2020-12"), low=0)}).world.scenario().months


def test_one_sided_range__is_open_at_the_other_end(tmp_path: Path) -> None:
    """For numbers as for months."""
    found = file_of(tmp_path, {"a": observation("made.north")}, {"p": pattern("a", "mean", low=1), "q": pattern("a", "peak", high="2020-03")})
    assert [(1.0, float("inf")), (float("-inf"), 2.0)] == [(one.low, one.high) for one in found.patterns]
