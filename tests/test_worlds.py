"""The worlds that are shipped: their pages are up to date, their numbers say where they are from, and the engine knows none of their names."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import proxysim
from proxysim.core.vocabulary import A_SKIMMED, A_STRUCK
from proxysim.figures.places import places_and_legs
from proxysim.scenario.resolve.loader import load_scenario
from proxysim.scenario.scenario import Number, Scenario

ROOT = Path(__file__).resolve().parents[1]
DOCS, SOURCE = ROOT / "docs", ROOT / "src" / "proxysim"
WORLDS = sorted(
    file
    for file in (ROOT / "scenarios").glob("*.toml")
    if re.search(r'^kind\s*=\s*"world"', file.read_text(encoding="utf-8"), re.M)
)
NAMES = [file.stem for file in WORLDS]

#: What may stand without range and grade, and why; patterns of whole paths, by world ("*" is every world).
BARE: dict[str, dict[str, str]] = {
    "*": {
        r"pacts\.[^.]+\.(in_force|until)": "the grammar gives a date no range",
        r"policies\.[^.]+\.(from|until)": "the grammar gives a date no range",
        r"events\.[^.]+\.chance": "0 or 1: a switch that branches throw",
    },
    "levant-2025": {
        r"regimes\.assad\.stability": "a fact: it fell before the start",
        r"policies\.(iran|russia)-tires\.at_most": "1: a patron that tires gives less, never more",
    },
    "quickstart": {r".*": "invented from end to end, to learn on"},
    "levant.*": {
        r"categories\.[^.]+\.(tier|vulnerability)": "a scale by definition",
        r"categories\.components\.weight": "0: nobody fights with components",
        r"events\.[^.]+\.(lasts|over|delay)": "a length told by the dates of the event",
        r"fronts\.[^.]+\.engagement\..+": "a scale by definition: 1 is whole; the intensity has the range",
        r"legs\.[^.]+\.(consignment|cost|carriers\.[^.]+)": "small beside limit and detection, which have ranges",
        r"ties\..+\.mix\.[^.]+": "parts of one mix, relative to each other",
        r"ties\.[^.]+\.weight": "1: the only client of its sender, so that it is no choice",
        r"states\.[^.]+\.patrols\.[^.]+": "parts of one effort, which has the range",
        r"states\.(israel|ukraine|united-states)\.stock\.[^.]+": "there only as an opponent",
        r"states\.russia\.(stock|plant|knowhow)\.[^.]+": "far larger than all that is drawn from it; knowhow 1 is the frontier",
        r"states\.iran\.demand\.[^.]+": "asked only while itself at war",
        r"proxies\.hezbollah\.stock_origin\.[^.]+\.[^.]+": "beside the share found in 2024, which has the range",
    },
}  # fmt: skip
#: Worlds whose names are common nouns, so that the engine may use these words.
INVENTED = ("quickstart", "insurgency")
#: Worlds in which an assumption, too, names its source.
SOURCED = ("angola",)
#: Ordinary words among the names of the worlds.
ORDINARY = {
    "assumption", "border", "civil", "commitment", "comprehensive", "cooperation", "friendship", "government", "host",
    "insurgency", "land", "linkage", "militias", "north", "northern", "partners", "partnership", "red", "sea",
    "south", "states", "strategic", "treaty", "union", "west", "with",
}  # fmt: skip


def bare(name: str, path: str) -> bool:
    """Whether a path may stand without range and grade."""
    return any(
        re.fullmatch(pattern, path)
        for world, patterns in BARE.items()
        if world == "*" or re.fullmatch(world, name)
        for pattern in patterns
    )


def given(scenario: Scenario) -> dict[str, Number]:
    """Numbers that the file gives, by path."""
    return {".".join(path): number for path, number in scenario.numbers.items() if number.origin != "default"}


def proper_names(scenario: Scenario) -> set[str]:
    """Ids, labels and capitalised words of labels of those who act in a world, in lower case."""
    found: set[str] = set()
    for section in ("states", "proxies", "places", "regimes", "pacts", "fronts"):
        for name in scenario.ids[section]:
            label = scenario.labels.get((section, name), "")
            found |= {name, name.replace("-", " ")} | {word for word in re.findall(r"[A-Z][A-Za-z]{2,}", label)}
    return {name.lower() for name in found}


def test_worlds__pages_are_up_to_date() -> None:
    """docs/worlds.md and docs/worlds/ are what their generator writes."""
    command = [sys.executable, str(DOCS / "generate_worlds.py"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (found.returncode, found.stderr)


def test_worlds__every_page_says_what_is_left_out() -> None:
    """What is written by hand has been written for every world."""
    page = (DOCS / "worlds.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", page, flags=re.M)[1:]
    parts = [part for part in parts if "<!-- generated:" in part]
    assert len(WORLDS) == len(parts)
    assert all("**It leaves out:**" in part and "Not written yet." not in part for part in parts)


@pytest.mark.parametrize("file", WORLDS, ids=NAMES)
def test_worlds__every_number_has_source_range_and_grade(file: Path) -> None:
    """But for what is listed above; an assumption (D) is its own source where the world says no more."""
    missing = []
    for path, number in given(load_scenario(str(file), "none")).items():
        sourced = number.source or (number.grade == "D" and file.stem not in SOURCED)
        if not (sourced and number.grade and number.low is not None) and not bare(file.stem, path):
            missing.append(path)
    assert [] == missing


@pytest.mark.parametrize("file", WORLDS, ids=NAMES)
def test_worlds__every_source_is_used_or_told(file: Path) -> None:
    """A source is cited by a number, an event or a comment; none is there for show."""
    text = "".join(
        world.read_text(encoding="utf-8") for world in WORLDS
    )  # a world may cite what the one it extends declares
    assert [] == [
        name
        for name in load_scenario(str(file), "none").sources
        if len(re.findall(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text)) < 2
    ]


def test_engine__knows_no_names_of_the_worlds() -> None:
    """No country, group or treaty of a shipped world stands in the code, beside those of the invented ones and in examples of docstrings."""
    names = set().union(
        *(proper_names(load_scenario(str(file), "none")) for file in WORLDS if file.stem not in INVENTED)
    )
    names -= ORDINARY.union(*(proper_names(load_scenario(str(ROOT / "scenarios" / f"{name}.toml"), "none")) for name in INVENTED))
    pattern = re.compile(
        rf"\b(?:{'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})\b", flags=re.I
    )
    found = {
        f"{file.relative_to(SOURCE)}: {match}"
        for file in sorted(SOURCE.rglob("*")) if file.suffix in (".py", ".toml")
        for match in pattern.findall(re.sub(r"^ *(?:>>>|\.\.\.) .*$", "", file.read_text(encoding="utf-8"), flags=re.M))
    }  # fmt: skip
    assert set() == found


@pytest.mark.parametrize("file", WORLDS, ids=NAMES)
def test_worlds__every_branch_loads(file: Path) -> None:
    """Each branch is a world of its own."""
    branches = load_scenario(str(file), "none").branches
    assert {name: name for name in branches} == {name: load_scenario(str(file), name).branch for name in branches}


@pytest.mark.parametrize("branch", sorted(load_scenario(str(ROOT / "scenarios" / "angola.toml"), "none").branches))
def test_angola__books_balance_in_every_branch(branch: str) -> None:
    """Nothing is lost or made from nothing, and no number runs away."""
    done = proxysim.run(proxysim.load(ROOT / "scenarios" / "angola.toml", branch=branch), rng=1)
    assert done.residual <= 1e-12
    assert done.actors["fighting"].between(0, 1000).all()


def test_map__same_world_gives_the_same_picture() -> None:
    """The layout has no chance in it, and lies within the axes."""
    world = proxysim.load(ROOT / "scenarios" / "angola.toml", branch="none")
    first, second = (places_and_legs(world) for _ in range(2))
    spots = [[(text.get_text(), text.get_position()) for text in figure.axes[0].texts] for figure in (first, second)]
    assert spots[0] == spots[1]
    axes = first.axes[0]
    assert all(0 <= x <= axes.get_xlim()[1] for text, (x, _) in spots[0] if not text.startswith("■ state"))


def test_map__flows_make_lines_wide_and_axes_can_be_given() -> None:
    """With the table of flows the busiest leg is the widest; the figure of the axes comes back."""
    world = proxysim.load(ROOT / "scenarios" / "quickstart.toml", branch="none")
    figure = Figure(figsize=(7, 5))
    assert figure is places_and_legs(world, ax=figure.subplots(), flows=proxysim.run(world).flows)
    widths = [patch.get_linewidth() for patch in figure.axes[0].patches if patch.get_zorder() == 1]
    assert 3 == len(widths) and max(widths) > 1.5 * min(widths)


def test_map__positions_can_be_given() -> None:
    """Places stand in the order of the positions given."""
    world = proxysim.load(ROOT / "scenarios" / "quickstart.toml", branch="none")
    spots = {place: (float(number), 0.0) for number, place in enumerate(world.scenario.ids["places"])}
    heads = [text for text in places_and_legs(world, positions=spots).axes[0].texts if text.get_text() in spots]
    assert [text.get_text() for text in heads] == [
        text.get_text() for text in sorted(heads, key=lambda text: text.get_position()[0])
    ]


def changed(*pairs: tuple[str, str]) -> str:
    """The quickstart with texts replaced."""
    text = (ROOT / "scenarios" / "quickstart.toml").read_text(encoding="utf-8")
    for old, new in pairs:
        text = re.sub(old, new, text, flags=re.S | re.M)
    return text


ONE_MONTH = changed((r"^end .*?$", "end = 2020-01-01"), (r"^embargo = .*?$", ""))
NO_PROXIES = changed(
    (r"\[defaults\.proxies\].*?\[legs\]", "[legs]"), (r'^"(north -> reds|north -> greens|south -> blues)" .*?$', ""),
    (r"reds = 1\.0, ", ""),
)  # fmt: skip


@pytest.mark.parametrize("text", [ONE_MONTH, NO_PROXIES, changed()], ids=["one-month", "no-proxies", "no-regime"])
def test_overview__worlds_that_lack_something_give_a_figure_and_words(text: str, tmp_path: Path) -> None:
    """What a world does not have gets no panel, and no warning."""
    (tmp_path / "world.toml").write_text(text, encoding="utf-8")
    done = proxysim.run(proxysim.load(tmp_path / "world.toml"))
    figure = done.plot()
    figure.savefig(tmp_path / "overview.png", dpi=50)
    assert not any("regimes" in axes.get_title(loc="left") for axes in figure.axes)
    assert "pledged to clients" in done.summary()


def test_overview__words_of_events_do_not_overlap() -> None:
    """In one row of the strip no two texts meet."""
    figure = proxysim.run(proxysim.load(ROOT / "scenarios" / "levant.toml")).plot()
    figure.canvas.draw()
    strip = next(axes for axes in figure.axes if axes.get_zorder() < 0)
    boxes = [text.get_window_extent() for text in strip.texts]
    assert len(boxes) > 5
    assert not any(one.overlaps(two) for number, one in enumerate(boxes) for two in boxes[number + 1 :])


@pytest.mark.parametrize("file", WORLDS, ids=NAMES)
def test_worlds__every_range_holds_its_value(file: Path) -> None:
    """In each branch; the ends of a dated number are multiples of it."""
    for branch in ["none", *load_scenario(file, "none").branches]:
        scenario = load_scenario(file, branch)
        numbers = [(".".join(path), one) for path, one in scenario.numbers.items()]
        numbers += [(f"{one.event}.{'.'.join(one.path)}", one.number) for one in scenario.effects]
        for name, one in numbers:
            if one.low is not None and one.high is not None:
                middle = 1.0 if one.series else one.value
                assert one.low <= middle <= one.high, (branch, name)


# ---- what the worlds do -----------------------------------------------------------------------------------------------

#: Actors of each world that only oppose: neither members of its pact nor their clients.
OPPONENTS = {
    ("levant", "no-pact"): ("israel", "ukraine", "united-states"),
    ("levant", "treaty-as-signed"): ("israel", "ukraine", "united-states"),
    ("levant-2025", "no-pact"): ("israel", "ukraine", "united-states"),
    ("angola", "none"): ("south-africa", "united-states", "zaire"),
}


@pytest.fixture(scope="module")
def history() -> list[proxysim.Run]:
    """Forty runs of the past."""
    world = proxysim.load("levant", branch="treaty-as-signed")
    return [proxysim.run(world, 1, number) for number in range(40)]


def yearly(runs: list[proxysim.Run], field: str) -> np.ndarray:
    """Means over runs of a monthly record, summed by year, shape (year, actor or tie)."""
    monthly = np.mean([one.history[field] for one in runs], axis=0)
    monthly = monthly.reshape(*monthly.shape[:2], -1).sum(axis=2)
    return np.asarray(monthly.reshape(-1, 12, monthly.shape[1]).sum(axis=1))


@pytest.mark.parametrize(("name", "branch"), OPPONENTS)
def test_worlds__opponents_keep_their_arms(name: str, branch: str) -> None:
    """Stocks at the end lie within a factor of two of the start."""
    world = proxysim.load(name, branch=branch)
    found = np.mean(
        [proxysim.run(world, 1, number).history["stock"][-1].sum(axis=(1, 2)) for number in range(12)], axis=0
    )
    for actor in OPPONENTS[name, branch]:
        at = world.names["actor"].index(actor)
        assert 0.5 < found[at] / world.params["stock"][0, at].sum() < 2.0, actor


def test_levant__calibration_targets_hold() -> None:
    """Stands through September 2024, falls by March 2025; not without the war in Lebanon, not with Russia alone distracted."""
    branches = ["treaty-as-signed", "no-lebanon-war", "only-russia-distracted"]
    months = proxysim.ensemble("levant", branches, 200, 1).of("month_of_fall", "assad")
    first = 12 * 4 + 9  # October 2024
    assert (~(months[0] < first)).mean() > 0.80
    assert ((months[0] >= first) & (months[0] < first + 6)).mean() > 0.50
    assert (~np.isnan(months[1])).mean() < 0.20
    assert np.isnan(months[2]).all()


@pytest.mark.slow
def test_levant__searches_cluster_where_much_is_searched() -> None:
    """Yearly variance over mean of stopped consignments is 1.5 times that of steady searches, where patrols are most of the hazard."""
    calm = proxysim.load("levant", "treaty-as-signed", "behaviour.search_volatility=0")
    index = []
    searched = np.empty(0)
    for world in (proxysim.load("levant", "treaty-as-signed"), calm):
        runs = [proxysim.run(world, 1, number) for number in range(80)]
        count = np.array(
            [one.history["stopped"].reshape(-1, 12, one.history["stopped"].shape[1]).sum(axis=1) for one in runs]
        )
        index.append(count.var(axis=0, ddof=1).mean(axis=0) / np.maximum(count.mean(axis=(0, 1)), 1e-9))
        searched = np.mean([one.history["leg_searched"].mean(axis=0) for one in runs], axis=0)
    names = calm.names["leg"]
    patrols = 1.0 + np.log1p(-calm.params["detection"][0, : len(names)]) / searched[: len(names)]
    much = {name: index[0][leg] / index[1][leg] for leg, name in enumerate(names) if patrols[leg] > 0.5}
    assert {"iraq-syria", "syria-lebanon"} <= set(much)
    assert {name: ratio for name, ratio in much.items() if ratio < 1.5} == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["levant", "levant-2025", "angola"])
def test_worlds__pairing_survives_campaigns_of_searches(name: str) -> None:
    """The median variance reduction of a paired difference is at least nine tenths of that with steady searches."""
    found = []
    for change in ([], ["behaviour.search_volatility=0"]):
        study = proxysim.ensemble(proxysim.load(name, "no-pact", change), ["no-pact", "strengthened-pact"], 400, 1)
        one, two = study.values
        moved = (two - one).std(axis=0) > 1e-9
        found.append(float(np.median((one.var(axis=0) + two.var(axis=0))[moved] / (two - one).var(axis=0)[moved])))
    assert found[0] >= 0.9 * found[1]


def test_levant__routes_have_no_detour_through_a_partner(history: list[proxysim.Run]) -> None:
    """Russia ships to Syria without Iran, and in the years without deliveries hardly anything; the land bridge is used."""
    flows = history[0].flows
    to_syria = flows[(flows["from"] == "russia") & (flows["to"] == "syria")]
    assert {"russia-syria"} == set(to_syria["route"])
    assert (
        to_syria[to_syria["arrives"].between("2022-01", "2024-12")]["arrived"].sum()
        < 0.1 * to_syria[to_syria["month"] < "2021"]["sent"].sum()
    )
    before = (
        flows[(flows["from"] == "iran") & (flows["to"] == "hezbollah") & (flows["month"] < "2024")]
        .groupby("route", observed=True)["sent"]
        .sum()
    )
    assert before["iran-iraq > iraq-syria > syria-lebanon"] > 0.25 * before.sum()


def test_levant__year_by_year_as_reported(history: list[proxysim.Run]) -> None:
    """Strikes, hollow Syria, growing Houthis, Russia's money for Syria and its drones."""
    world = history[0].world
    place, ties, drones = world.names["actor"].index, world.names["tie"], world.names["category"].index("drones")
    struck = np.mean([one.history["arms"][..., A_STRUCK].sum(axis=(2, 3)) for one in history], axis=0)[:, place("iran")]
    assert struck[56:60].sum() < 0.5 * struck[65]  # September to December 2024, June 2025
    stock = np.mean([one.history["stock"].sum(axis=(2, 3)) for one in history], axis=0)
    start = world.params["stock"][0].sum(axis=1)
    assert stock[55, place("syria")] < start[place("syria")]
    assert stock[47, place("houthis")] > start[place("houthis")]
    cash = yearly(history, "cash")[:, ties.index("russia -> syria")]
    assert cash[1] > cash[2] > cash[3] > cash[4]
    made = np.mean([one.history["made"] for one in history], axis=0)[:, place("russia"), drones]
    assert 0.5 < 12 * made[68] / (2700 * 12 * 0.05) < 2  # September 2025


def test_insurgency__is_undecided_and_nothing_is_at_a_limit() -> None:
    """The government falls in some runs and stands in others, in every branch, and no fighting index is at its ceiling."""
    branches = list(load_scenario(ROOT / "scenarios" / "insurgency.toml", "none").branches)
    study = proxysim.ensemble("insurgency", branches, 200, 1)
    fallen = study.of("regime_fallen", "cabinet").mean(axis=1)
    assert ((fallen > 0.1) & (fallen < 0.7)).all()
    assert all((study.of("capped", actor) < 0.05).all() for actor in ("rebels", "riders", "republic"))


def test_insurgency__answers_take_back_part_of_the_effect() -> None:
    """More arms reach the rebels through the pact, and fewer more once others have answered; without the pact nothing differs."""
    worlds = [proxysim.load("insurgency", "no-pact", changes) for changes in (["policies.*.active=false"], [])]
    done = [proxysim.ensemble(world, ["no-pact", "pact"], 100, 1) for world in worlds]
    arms = [study.of("received_arms", "rebels") for study in done]
    assert (arms[0][0] == arms[1][0]).all()
    silent, answered = ((one[1] - one[0]).mean() for one in arms)
    assert 0 < answered < 0.95 * silent


def test_insurgency__every_part_works_in_some_run() -> None:
    """Arms are bought and kept on the way, support ends and begins, and each event happens."""
    world = proxysim.load("insurgency", branch="pact")
    runs = [proxysim.run(world, 1, number).history for number in range(12)]
    tie, actor = world.names["tie"].index, world.names["actor"].index
    on = np.array([one["tie_on"] for one in runs])
    assert on[:, 0, tie("east -> riders via ferrymen")].max() == 0 < on[:, -1, tie("east -> riders via ferrymen")].max()
    assert on[:, -1, tie("east -> rebels via ferrymen")].min() == 0
    arms = np.sum([one["arms"].sum(axis=(0, 2, 3)) for one in runs], axis=0)
    assert (arms[[actor("ferrymen"), actor("riders")], A_SKIMMED] > 0).all()
    assert np.sum([one["tie_sent"][:, tie("south -> east")].sum() for one in runs]) > 0
    assert (np.array([one["event_month"] for one in runs]).max(axis=0) >= 0).all()


@pytest.mark.parametrize("file", WORLDS, ids=NAMES)
def test_worlds__imposed_numbers_give_a_reason(file: Path) -> None:
    """What a file puts in because it happened is marked in its note, and the page lists it."""
    page = (DOCS / "worlds" / f"{file.stem}.md").read_text(encoding="utf-8")
    for path, number in given(load_scenario(str(file), "none")).items():
        if number.note and number.note.startswith("imposed"):
            reason = number.note.removeprefix("imposed:").strip()
            assert number.note.startswith("imposed: ") and len(reason) > 10, path
            assert f" | {reason} |" in page, path


def test_measure_worlds__prints_every_part(tmp_path: Path) -> None:
    """The script behind the figures of docs/worlds.md runs, on the smallest world."""
    parts = "flows,routes,stocks,made,lost,idle,searches,fall"
    command = [
        sys.executable,
        str(DOCS / "measure_worlds.py"),
        "quickstart",
        "no-pact",
        "--runs",
        "2",
        "--parts",
        parts,
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (0, "") == (found.returncode, found.stderr)
    assert all(
        words in found.stdout
        for words in (
            "arms sent, USD m",
            "by route",
            "relative to the start",
            "made, USD m",
            "used, USD m",
            "stopped a year",
        )
    )
