"""The live server: who may come in, what is refused, and that no work is left for a page that has gone."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

import proxysim as ps
from living import Tab, ask, enter, request, serving, until
from proxysim.errors import InputError
from proxysim.live import compute
from proxysim.live.reports import Reports
from proxysim.live.security import POLICY, Keys, hosts_of
from proxysim.live.server import FILES, LiveServer, listen
from proxysim.live.state import state_of
from test_live import NUMBERS

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with serving() as found:
        yield found


@pytest.fixture
def cookie(server: LiveServer) -> str:
    return enter(server)


# ---- who may come in --------------------------------------------------------------------------------------------------


def test_token__is_exchanged_once_for_a_strict_cookie(server: LiveServer) -> None:
    """The second use is refused, and the next browser has an address of its own."""
    said = []
    server.entered = lambda: said.append(server.address)
    token = server.keys.token
    status, headers, _ = ask(server, f"/enter?token={token}")
    assert 303 == status
    assert re.fullmatch(rf"proxysim-{server.port}=[\w-]{{43}}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict", headers["set-cookie"])
    again, headers, body = ask(server, f"/enter?token={token}")
    assert 403 == again and "set-cookie" not in headers and b"has been used" in body
    assert [server.address] == said and token not in server.address
    assert 403 == ask(server, "/enter")[0] == ask(server, "/enter?token=")[0] == ask(server, "/enter?token=%C3%A9")[0]


@pytest.mark.parametrize("path", [*FILES, "/alive", "/nowhere"])
def test_page__needs_the_cookie(server: LiveServer, cookie: str, path: str) -> None:
    """Without it, and with another value, nothing is sent."""
    assert 403 == ask(server, path)[0] == ask(server, path, Cookie=f"{cookie.split('=')[0]}=x")[0] == ask(server, path, Cookie="a=b;;=")[0]
    assert (404 if path == "/nowhere" else 204 if path == "/alive" else 200) == ask(server, path, Cookie=cookie)[0]


HOSTS = ["evil.example", "127.0.0.1", "localhost", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1:{port}.evil.example", ""]


@pytest.mark.parametrize("host", HOSTS)
def test_host__that_is_foreign_is_refused(server: LiveServer, cookie: str, host: str) -> None:
    """A name that leads to this machine from elsewhere is no way in, with or without the cookie."""
    found = host.format(port=server.port)
    assert 400 == ask(server, "/", Host=found, Cookie=cookie)[0] == ask(server, f"/enter?token={server.keys.token}", Host=found)[0]
    with pytest.raises(InvalidStatus):
        Tab(server, cookie, Host=found)


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "[::1]"])
def test_host__of_this_machine_is_accepted(server: LiveServer, cookie: str, name: str) -> None:
    """By each of its names for itself."""
    assert 200 == ask(server, "/", Host=f"{name}:{server.port}", Cookie=cookie)[0]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "http://localhost:{port}", ""])
def test_origin__that_is_foreign_is_refused_on_websocket_and_post(server: LiveServer, cookie: str, origin: str) -> None:
    """The websocket and every POST need the page's own origin."""
    found = origin.format(port=server.port)
    with pytest.raises(InvalidStatus) as caught:
        Tab(server, cookie, Origin=found)
    assert 403 == caught.value.response.status_code
    headers = {"Origin": found} if found else {}
    assert 403 == ask(server, "/report", "POST", b"{}", Cookie=cookie, **headers)[0]
    if found:
        assert 403 == ask(server, "/", Cookie=cookie, Origin=found)[0]


def test_websocket__needs_the_cookie(server: LiveServer) -> None:
    """As every file does."""
    with pytest.raises(InvalidStatus) as caught:
        Tab(server, f"proxysim-{server.port}=x")
    assert 403 == caught.value.response.status_code


PATHS = ["/../pyproject.toml", "/%2e%2e/%2e%2e/etc/passwd", "/page.html", "/static/page.css", "//page.css", "/page.css/", "/page.css%00", "/Page.css",
         "/page.css;x", "/live", "/report", "/.git/config", "/etc/passwd", "/file:///etc/passwd", "/\\page.css"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_path__tricks_find_nothing(server: LiveServer, cookie: str, path: str) -> None:
    """Only names of a fixed table lead to a file."""
    status, _, body = ask(server, path, Cookie=cookie)
    assert status in (404, 405) and len(body) < 100


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "POST"])
def test_method__that_is_not_needed_is_refused(server: LiveServer, cookie: str, method: str) -> None:
    """Also with the right origin."""
    assert 405 == ask(server, "/", method, b"", Cookie=cookie, Origin=f"http://127.0.0.1:{server.port}")[0]


@pytest.mark.parametrize("path", ["/", "/page.js", "/nowhere", "/enter"])
def test_headers__are_strict_on_every_answer(server: LiveServer, cookie: str, path: str) -> None:
    """Refusals too."""
    for headers in (ask(server, path, Cookie=cookie)[1], ask(server, path)[1], ask(server, path, Host="x")[1]):
        assert POLICY == headers["content-security-policy"]
        assert ("nosniff", "no-referrer") == (headers["x-content-type-options"], headers["referrer-policy"])
        assert "no-store" == headers["cache-control"]
        assert "same-origin" == headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"]
        assert "server" not in headers
    assert POLICY.startswith("default-src 'none'; ") and "unsafe" not in POLICY and "http" not in POLICY


def test_page__has_no_inline_script_style_or_address_of_elsewhere() -> None:
    """So that the policy of content can be strict."""
    folder = Path(ps.__file__).parent / "live" / "static"
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\son\w+=|\sstyle=|<script(?! type=\"module\" src=\"/page\.js\"></script>)", page)
    for name, _ in FILES.values():
        text = (folder / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|url\(|@import|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), name


def test_keys__names_are_those_of_the_port() -> None:
    """Browsers share cookies among the ports of a machine."""
    one, two = Keys(1), Keys(2)
    assert one.cookie != two.cookie and one.token != two.token
    given = one.exchange(one.token)
    assert given is not None and one.admits(given.split(";")[0]) and not two.admits(given.split(";")[0].replace("-1=", "-2="))
    assert {"127.0.0.1:80", "localhost:80", "[::1]:80", "10.0.0.7:80", "10.0.0.7", "127.0.0.1", "localhost", "[::1]"} == hosts_of("10.0.0.7", 80)


@pytest.mark.parametrize("other", ['a={"x":1}', "theme", "a b=1", 'a="', "x{}=1", "ü=1", "proxysim-{port}=old"])
def test_cookies__of_other_programs_do_not_hide_the_one(server: LiveServer, cookie: str, other: str) -> None:
    """Browsers send those of every port of the machine, before it and after it, and some are no cookies by the standard."""
    other = other.replace("{port}", str(server.port))
    assert server.keys.admits(f"{other}; {cookie}") and server.keys.admits(f"{cookie}; {other}")
    assert not server.keys.admits(other) and not server.keys.admits(f"{other}; x{cookie}")
    if other.isascii():
        assert 204 == ask(server, "/alive", Cookie=f"{other}; {cookie}")[0]


# ---- messages -------------------------------------------------------------------------------------------------------


def test_tab__gets_the_numbers_of_compare(server: LiveServer, cookie: str) -> None:
    """Over the wire, at every number of pairs that it is shown."""
    tab = Tab(server, cookie)
    tab.opened()
    tab.send(request(5, changes={"pacts.treaty.strength": 0.62}))
    world = ps.load("quickstart", "no-pact", ["strong:pacts.treaty.strength=0.62"])
    shown: list[dict[str, Any]] = []
    while not shown or not shown[-1]["done"]:
        shown.append(tab.next("answer", 5))
        effect = ps.compare(world, ["no-pact", "strong"], shown[-1]["n"], measures=["received_arms.reds"]).effects[0]
        assert {key: getattr(effect, key) for key in NUMBERS} == {key: shown[-1]["effect"][key] for key in NUMBERS}
    assert 300 == shown[-1]["n"]
    tab.close()


def test_tab__that_asks_again_gets_the_numbers_of_its_new_question(server: LiveServer, cookie: str) -> None:
    """After an answer that is complete, in the middle of one, and for the same question once more."""
    tab = Tab(server, cookie)
    tab.opened()
    found = {}
    for seq, strength in enumerate((0.25, 0.75, 0.75, 0.35), 1):
        tab.send(request(seq, changes={"pacts.treaty.strength": strength}))
        if seq == 3:
            tab.next("answer", seq)
            continue
        found[strength] = tab.done(seq)["effect"]
    for strength, shown in found.items():
        world = ps.load("quickstart", "no-pact", [f"strong:pacts.treaty.strength={strength}"])
        effect = ps.compare(world, ["no-pact", "strong"], 300, measures=["received_arms.reds"]).effects[0]
        assert {key: getattr(effect, key) for key in NUMBERS} == {key: shown[key] for key in NUMBERS}
    tab.close()


TEXTS = ["", "{", "[]", "NaN", '{"seq": NaN}', "[" * 20_000, "x" * 40_000, '{"open": "../quickstart"}', '{"open": ["quickstart"]}',
         '{"open": "quickstart", "file": "/etc/passwd"}', json.dumps({**request(), "extends": "x"}),
         json.dumps({**request(), "world": "\ud800"}), json.dumps(request(changes={"pacts.treaty.strength": 10**400}))]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_message__that_is_none_is_answered_in_one_line_and_the_page_lives(server: LiveServer, cookie: str, text: str) -> None:
    """The next message is served as if nothing had happened."""
    tab = Tab(server, cookie)
    tab.opened()
    tab.send(text)
    assert "\n" not in tab.next("refused")["message"]
    tab.send(request(6))
    assert tab.done(6)["n"] == 300
    tab.close()


def test_message__that_is_huge_or_no_text_ends_that_page_only(server: LiveServer, cookie: str) -> None:
    """Another page goes on."""
    other = Tab(server, cookie)
    other.opened()
    for content, code in (("x" * 100_000, 1009), (b"\x00\x01", 1003)):
        tab = Tab(server, cookie)
        tab.opened()
        tab.send(content)
        with pytest.raises(ConnectionClosed) as caught:
            tab.next("answer", seconds=10)
        assert caught.value.rcvd is not None and code == caught.value.rcvd.code
        tab.close()
    other.send(request(3))
    assert other.done(3)["done"]
    other.close()


def test_number__that_the_world_refuses_is_said_in_one_line(server: LiveServer, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as shares that add up to more than 1."""
    tab = Tab(server, cookie)
    tab.opened()

    def refuse(*_: Any) -> Any:
        raise InputError("the shares add up to 1.3; at most 1 is allowed\nand more")

    monkeypatch.setattr(server.compute.worlds, "of", refuse)
    tab.send(request(4, changes={"pacts.treaty.strength": 0.111}))
    assert "the shares add up to 1.3; at most 1 is allowed" in tab.next("refused", 4)["message"]
    monkeypatch.undo()
    tab.send(request(5))
    assert tab.done(5)["done"]
    tab.close()


@pytest.mark.parametrize("body", [json.dumps({**request(), "world": "\ud800"}), json.dumps(request(changes={"pacts.treaty.strength": 10**400}))])
def test_report__of_what_cannot_be_used_is_refused_in_one_line(server: LiveServer, cookie: str, body: str) -> None:
    """Half of a character, and a number that no float holds."""
    status, _, told = ask(server, "/report", "POST", body.encode(), Cookie=cookie, Origin=f"http://127.0.0.1:{server.port}")
    assert 400 == status and 1 == told.count(b"\n") and told.endswith(b"\n")


def test_report__whose_request_breaks_off_is_no_error(server: LiveServer, cookie: str, caplog: pytest.LogCaptureFixture) -> None:
    """A browser that was closed while it sent."""
    head = f"POST /report HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: http://127.0.0.1:{server.port}\r\nCookie: {cookie}\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as torn:
        torn.sendall(f"{head}Content-Length: 100\r\n\r\nabc".encode())
        time.sleep(0.3)
    time.sleep(0.5)
    assert 204 == ask(server, "/alive", Cookie=cookie)[0]
    assert [] == [record for record in caplog.records if record.levelname == "ERROR"]


def test_pages__beyond_the_most_get_the_reason(server: LiveServer, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the page can show it."""
    until(lambda: server.pages == 0)
    monkeypatch.setattr("proxysim.live.server.MOST_PAGES", 1)
    first = Tab(server, cookie)
    first.opened()
    second = Tab(server, cookie)
    with pytest.raises(ConnectionClosed) as caught:
        second.next("hello", seconds=10)
    assert caught.value.rcvd is not None and 1013 == caught.value.rcvd.code and "close one" in caught.value.rcvd.reason
    first.send(request(1))
    assert first.next("answer", 1)
    first.close()
    second.close()


def test_world__that_is_changed_beside_the_page_is_said(tmp_path: Path) -> None:
    """Otherwise the command line that the page offers would give other numbers than those that are shown."""
    file = tmp_path / "my world's v1.2.toml"
    file.write_text((SCENARIOS / "quickstart.toml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "base.toml").write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    file.write_text('kind = "world"\nextends = ["base.toml"]\n', encoding="utf-8")
    with serving(str(file)) as server:
        tab = Tab(server, enter(server))
        offer = tab.opened(file.stem)
        assert "My world's v1.2" == offer["label"]
        asked = request(1, world=file.stem)
        tab.send(asked)
        assert tab.done(1)["done"]
        with (tmp_path / "base.toml").open("a", encoding="utf-8") as base:
            base.write("\n# one more line\n")
        tab.send({**asked, "seq": 2})
        assert "base.toml was changed" in tab.next("refused", 2)["message"]
        status, _, told = ask(server, "/report", "POST", json.dumps(asked).encode(), Cookie=enter(server), Origin=f"http://127.0.0.1:{server.port}")
        assert 400 == status and b"base.toml was changed" in told
        tab.close()


# ---- latest wins, and nothing is left ------------------------------------------------------------------------------


@pytest.mark.slow
def test_hundred_moves_a_second__end_with_the_answer_to_the_last_one(server: LiveServer, cookie: str) -> None:
    """Answers come in the order of the moves, and the last one has the numbers of `compare`."""
    tab = Tab(server, cookie)
    tab.opened()
    numbers, strength = [], 0.0
    for move in range(1, 301):
        strength = round((move * 0.37) % 1, 4)
        tab.send(request(move, changes={"pacts.treaty.strength": strength}))
        time.sleep(0.01)
    while True:
        answer = tab.next("answer")
        numbers.append(answer["seq"])
        if answer["done"] and answer["seq"] == 300:
            break
    assert numbers == sorted(numbers)
    assert len(set(numbers)) < 300, "older work was not given up"
    world = ps.load("quickstart", "no-pact", [f"strong:pacts.treaty.strength={strength!r}"])
    effect = ps.compare(world, ["no-pact", "strong"], 300, measures=["received_arms.reds"]).effects[0]
    assert [getattr(effect, key) for key in NUMBERS] == [answer["effect"][key] for key in NUMBERS]
    tab.close()


@pytest.mark.slow
def test_two_tabs__are_served_in_turn_with_their_own_numbers(server: LiveServer, cookie: str) -> None:
    """One that moves all the time does not keep the other from its answer."""
    busy, calm = Tab(server, cookie), Tab(server, cookie)
    busy.opened()
    calm.opened()
    stop = threading.Event()

    def move() -> None:
        at = 0
        while not stop.is_set():
            at += 1
            busy.send(request(at, changes={"pacts.treaty.strength": round((at * 0.137) % 1, 4)}))
            time.sleep(0.02)

    mover = threading.Thread(target=move)
    mover.start()
    calm.send(request(1, changes={"pacts.treaty.strength": 0.444}))
    found = calm.done(1)
    stop.set()
    mover.join()
    assert busy.next("answer")["seq"] > 0, "the one that moves has pictures meanwhile"
    world = ps.load("quickstart", "no-pact", ["strong:pacts.treaty.strength=0.444"])
    assert ps.compare(world, ["no-pact", "strong"], 300, measures=["received_arms.reds"]).effects[0].difference == found["effect"]["difference"]
    busy.close()
    calm.close()


def test_tab__that_is_killed_leaves_no_work_and_no_thread(cookie: str, server: LiveServer) -> None:
    """Its socket is torn in the middle of an answer, thirty times."""
    until(lambda: not server.compute._clients)
    before = threading.active_count()
    for at in range(30):
        tab = Tab(server, cookie)
        tab.opened()
        tab.send(request(at, changes={"pacts.treaty.strength": round(0.01 * at, 2)}, views=["map", "provisions"]))
        tab.kill()
    until(lambda: not server.compute._clients and server.pages == 0)
    until(lambda: threading.active_count() <= before + 2)  # threads of the clients of this test
    tab = Tab(server, cookie)
    tab.opened()
    tab.send(request(1))
    assert tab.done(1)["done"]
    tab.close()
    assert len(server.compute.cache._kept) <= server.compute.cache.most


def test_work__for_an_older_question_is_stopped_at_the_next_chunk(server: LiveServer) -> None:
    """The check that the runs call raises once something else is asked for."""
    sent: list[str] = []
    client = compute.Client(lambda kind, text: sent.append(text))
    check = server.compute._check(client, client.asked)
    check()
    client.asked += 1
    with pytest.raises(compute.Stopped):
        check()
    server.compute._check(client, None)()  # the first pairs of an older question are finished
    gone = compute.Client(lambda kind, text: None)
    gone.is_open = False
    for asked in (gone.asked, None):
        with pytest.raises(compute.Stopped):
            server.compute._check(gone, asked)()


def test_views__are_computed_when_they_are_open(server: LiveServer, cookie: str) -> None:
    """The map and the provisions, each with a first answer and better ones."""
    tab = Tab(server, cookie)
    offer = tab.opened()
    tab.send(request(9, changes={"pacts.treaty.strength": 0.5}))
    tab.done(9)
    with pytest.raises(TimeoutError):
        tab.next("map", seconds=0.5)
    tab.send(request(9, changes={"pacts.treaty.strength": 0.5}, views=["map", "provisions"]))
    counts: dict[str, list[int]] = {"map": [], "provisions": []}
    while sum(map(len, counts.values())) < 5:
        message = json.loads(tab.socket.recv(timeout=60))
        if message["type"] in counts:
            counts[message["type"]].append(message["n"])
            kept = message if message["type"] == "provisions" else None
            if message["type"] == "map":
                changed = ps.load("quickstart", "no-pact", ["strong:pacts.treaty.strength=0.5"])
                flows = ps.ensemble(changed, ["no-pact", "strong"], message["n"], flows=True)
                table = flows.flows_table().groupby(["branch", "tie", "month"])["sent"].sum()
                tie = next(one for one in message["ties"] if one["tie"] == "north -> reds")
                for side, branch in zip(tie["sent"], ("no-pact", "strong"), strict=True):
                    sent = table[branch, "north -> reds"].reindex(offer["months"], fill_value=0)
                    assert side == pytest.approx((12 * sent).tolist(), rel=1e-3, abs=1e-3)
    assert {"map": [24, 100], "provisions": [10, 50, 200]} == counts
    assert kept is not None
    world = ps.load("quickstart", "no-pact", ["strong:pacts.treaty.strength=0.5"])
    shares = ps.attribute(world, "strong", runs=200, measures=["received_arms.reds"]).to_dataframe().set_index("provision")["value"]
    shown = {row["label"]: row["mid"] for row in kept["rows"]}
    assert shown == {name.capitalize(): pytest.approx(12 * shares[f"treaty.provisions.{name}"]) for name in ("funding", "technology", "reciprocity")}
    tab.close()


# ---- reports ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_report__is_the_one_that_its_command_writes(server: LiveServer, cookie: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Asked for again and again until it is there, and then kept; the same bytes as those of the command line."""
    monkeypatch.setattr("proxysim.live.reports.RUNS", 20)
    body = json.dumps(request(0, changes={"pacts.treaty.strength": 0.7}, countermeasures=["sea-patrol"])).encode()
    headers = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{server.port}"}
    statuses = []
    end = time.monotonic() + 120
    while time.monotonic() < end:
        status, found, page = ask(server, "/report", "POST", body, **headers)
        statuses.append(status)
        if status != 202:
            break
        time.sleep(0.2)
    assert 200 == status and 202 == statuses[0], page[:500]
    assert 'attachment; filename="report.html"' == found["content-disposition"]
    command = "report quickstart --branches no-pact,strong+sea-patrol --focus strong+sea-patrol --runs 20 --seed 0"
    command += " --set strong+sea-patrol:pacts.treaty.strength=0.7 --out report.html"
    assert f"<code>proxysim {command}</code>" in page.decode()
    subprocess.run([sys.executable, "-m", "proxysim", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    assert page == (tmp_path / "report.html").read_bytes()
    assert (200, page) == ask(server, "/report", "POST", body, **headers)[::2]
    assert 400 == ask(server, "/report", "POST", b"[]", **headers)[0] == ask(server, "/report", "POST", b"\xff", **headers)[0]
    assert 413 == ask(server, "/report", "POST", b"x" * 40_000, **headers)[0]


def test_reports__that_are_stopped_leave_no_folder(server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that writes is not waited for, so what it wrote is removed before."""
    is_over = threading.Event()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("proxysim.report.study.page.write_report", lambda *_, **__: is_over.wait(20))
    reports = Reports(server.library, 0)
    reports.ask(state_of(request(), server.library)[0])
    until(lambda: list(tmp_path.iterdir()))
    reports.end()
    assert [] == list(tmp_path.iterdir())
    is_over.set()


# ---- the process ------------------------------------------------------------------------------------------------------


@contextmanager
def started(*options: str, world: str = "quickstart") -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """A server of its own process, and what a client needs of it: port and token."""
    words = [sys.executable, "-m", "proxysim", "serve", world, "--no-browser", "--port", "0", *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/enter\?token=([\w-]{43})\n", process.stdout.readline())
            assert address is not None
            yield process, SimpleNamespace(port=int(address[1]), keys=SimpleNamespace(token=address[2]))
        finally:
            process.kill()


@pytest.mark.parametrize(("sign", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_process__listens_on_loopback_only_and_ends_at_once(sign: signal.Signals, status: int) -> None:
    """With a page open and work going on."""
    with started() as (process, here):
        tab = Tab(here, enter(here))
        tab.opened()
        tab.send(request(1, views=["map", "provisions"]))
        tab.next("answer", 1)
        if shutil.which("ss"):
            rows = [line.split() for line in subprocess.run(["ss", "-ltn"], capture_output=True, text=True, check=True).stdout.splitlines()]
            assert {f"127.0.0.1:{here.port}"} == {row[3] for row in rows if row[3].endswith(f":{here.port}")}
        began = time.monotonic()
        process.send_signal(sign)
        _, told = process.communicate(timeout=20)
        assert time.monotonic() - began < 6
        assert status == process.returncode
        assert "Traceback" not in told and told.count("for another browser: http://127.0.0.1") == 1
        with pytest.raises(ConnectionClosed):
            tab.next("nothing", seconds=5)
        tab.close()


def test_process__whose_output_nobody_reads_goes_on() -> None:
    """A closed pipe is no reason to end."""
    with started() as (process, here):
        assert process.stdout is not None
        process.stdout.close()
        assert 200 == ask(here, "/", Cookie=enter(here))[0]
        process.send_signal(signal.SIGINT)
        assert 130 == process.wait(20)


def refusal_of(*words: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "proxysim", "serve", *words, "--no-browser"], capture_output=True, text=True, check=False,
                          timeout=60, env={**os.environ, **environment})  # fmt: skip
    assert not done.stdout
    return done.returncode, done.stderr


def test_port__in_use_is_one_line_with_the_cure() -> None:
    """Exit status 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert (2, f"--port: port {port} is in use; give another one, or 0 for any that is free\n") == refusal_of("quickstart", "--port", str(port))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "0", "000.0.0.0", "::0", "::ffff:0.0.0.0", "no.such.host.invalid", "203.0.113.7"])
def test_host__that_is_everywhere_or_elsewhere_is_refused(host: str) -> None:
    """Foreign names could not be told from those of this machine."""
    with pytest.raises(InputError, match=r"^--host: .*$"):
        listen(host, 0)


def test_host__that_is_refused_is_one_line() -> None:
    """Exit status 2, before the world is read."""
    status, told = refusal_of("no-such-world", "--host", "0.0.0.0", "--port", "0")
    assert 2 == status
    assert re.fullmatch(r"--host: .*\n", told)


def test_world__that_is_none_is_one_line(tmp_path: Path) -> None:
    """As every other command says it."""
    file = tmp_path / "broken.toml"
    file.write_text('kind = "world"\nx = \n', encoding="utf-8")
    for world in ("no-such-world", str(file)):
        status, told = refusal_of(world, "--port", "0")
        assert 2 == status and "Traceback" not in told and told


def test_extra__that_is_missing_is_named(tmp_path: Path) -> None:
    """The line says how to install it."""
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError('none', name='uvicorn')", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    status, told = refusal_of("quickstart", PYTHONPATH=path)
    assert (1, "proxysim: serve needs Starlette, uvicorn and websockets: pip install \"proxysim[live]\"\n") == (status, told)


def test_listen__on_ipv6_loopback() -> None:
    """Where the machine has it."""
    try:
        found = listen("::1", 0)
    except InputError:
        pytest.skip("this machine has no IPv6")
    assert "::1" == found.getsockname()[0]
    found.close()
