"""The work behind the page: one thread for effects, shared fairly by all tabs, and one for what takes longer.

What a tab asks for last is all that counts. Work for anything older stops at the next chunk of runs, and so does the work for a tab that
has gone. Only the first few pairs are finished for an older question too: a slider that moves all the time has a picture that follows it, which
the page marks as old. The thread for longer work uses one processor, so that a slider that moves meanwhile still has an answer at once.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from proxysim.errors import ProxysimError
from proxysim.live import payload
from proxysim.live.flows import flow_map
from proxysim.live.offer import Offer
from proxysim.live.state import State, titles_of
from proxysim.live.study import LiveStudy, RunCache, WorldCache
from proxysim.runs.ensemble import ensemble
from proxysim.studies.attribution import attribute

#: Pairs of runs for the map, and for each combination of provisions: a first answer, then better ones.
MAP_PAIRS, PROVISION_PAIRS = (24, 100), (10, 50, 200)
#: Seconds by which a tab without a picture goes before others; more would let one that moves all the time keep the others from theirs.
_ADVANTAGE = 0.5
#: Seconds that the end of the server waits for a thread.
_PATIENCE = 0.4


class Stopped(Exception):
    """Work that nobody waits for any more."""


class Client:
    """One open page, as the threads see it.

    Parameters
    ----------
    send : called from a thread with the kind of a message and its text; it must not wait
    """

    def __init__(self, send: Callable[[str, str], None]) -> None:
        self.send = send
        self.state: State | None = None
        self.views: tuple[str, ...] = ()
        self.seq = -1
        self.asked = 0  # counts the states that were asked for; work for an earlier one is stopped
        self.study: LiveStudy | None = None
        self.is_answered = True
        self.slow_done: dict[str, int] = {}
        self.is_open = True
        self.served = 0.0

    def tell(self, kind: str, content: Mapping[str, Any], seq: int) -> None:
        """Send a message with its kind and number."""
        self.send(kind, json.dumps({"type": kind, "seq": seq, **content}, allow_nan=False))


class Compute:
    """The two threads and the tabs that they work for.

    Parameters
    ----------
    offers : what each world offers, by its name
    runs : number of pairs at the end
    seed : seed of all studies
    threads : number of threads of the effects; None for all processors
    """

    def __init__(self, offers: Mapping[str, Offer], runs: int, seed: int, threads: int | None = None) -> None:
        self.offers, self.runs, self.seed, self.threads = offers, runs, seed, threads
        self.worlds, self.cache = WorldCache(), RunCache()
        self._slow_worlds = WorldCache()
        self._clients: list[Client] = []
        self._changed = threading.Condition()
        self._is_ended = False
        jobs = (("proxysim-effects", self._next_fast, self._fast), ("proxysim-views", self._next_slow, self._slow))
        self._workers = [threading.Thread(target=self._work, args=(pick, step), name=name, daemon=True) for name, pick, step in jobs]

    def start(self) -> None:
        """Start the threads."""
        for worker in self._workers:
            worker.start()

    def end(self) -> None:
        """Stop all work, and wait for the threads."""
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()
        for worker in self._workers:
            if worker.is_alive():
                worker.join(_PATIENCE)

    @property
    def is_ended(self) -> bool:
        """Whether the server is going down."""
        return self._is_ended

    def add(self, client: Client) -> None:
        """Take a tab in."""
        with self._changed:
            self._clients.append(client)

    def remove(self, client: Client) -> None:
        """Stop all work for a tab that has gone."""
        with self._changed:
            client.is_open = False
            client.study = None
            if client in self._clients:
                self._clients.remove(client)

    def ask(self, client: Client, state: State, views: tuple[str, ...], seq: int) -> None:
        """Take what a tab asks for in place of everything that it asked for before."""
        with self._changed:
            if (state, seq) != (client.state, client.seq):
                client.asked += 1
                client.study, client.slow_done, client.is_answered = None, {}, False
            client.state, client.views, client.seq = state, views, seq
            self._changed.notify_all()

    # ---- the threads ----------------------------------------------------------------------------------------------

    def _work(self, pick: Callable[[], tuple[Client, int] | None], step: Callable[[Client, int], None]) -> None:
        while True:
            with self._changed:
                while (chosen := pick()) is None and not self._is_ended:
                    self._changed.wait()
                if self._is_ended or chosen is None:
                    return
                client, asked = chosen
                client.served = time.monotonic()
            try:
                step(client, asked)
            except Stopped:
                continue
            except ProxysimError as error:
                self._refuse(client, asked, str(error).splitlines()[0])
            except Exception as error:  # the thread must live for the other tabs
                self._refuse(client, asked, f"this could not be computed: {type(error).__name__}: {error}")

    def _refuse(self, client: Client, asked: int, message: str) -> None:
        """Say why there is no answer, unless something else is asked for by now."""
        with self._changed:
            if client.asked != asked or not client.is_open:
                return
            client.is_answered = True
            client.slow_done = dict.fromkeys(client.views, 1_000_000)
            seq = client.seq
        client.tell("refused", {"message": message[:500]}, seq)

    def _next_fast(self) -> tuple[Client, int] | None:
        """Return the tab that is served next: the one that has waited longest, with some advantage for one without a picture."""
        waiting = [one for one in self._clients if one.state is not None and not one.is_answered]
        chosen = min(waiting, key=lambda one: one.served - (_ADVANTAGE if one.study is None else 0.0), default=None)
        return None if chosen is None else (chosen, chosen.asked)

    def _next_slow(self) -> tuple[Client, int] | None:
        """Return a tab whose effect is there and that has a view open that is not finished."""
        waiting = [one for one in self._clients if one.is_answered and one.study is not None and self._open_view(one) is not None]
        chosen = min(waiting, key=lambda one: one.served, default=None)
        return None if chosen is None else (chosen, chosen.asked)

    def _open_view(self, client: Client) -> tuple[str, int] | None:
        """Return the view of a tab that comes next, with its number of pairs."""
        counts = {"map": MAP_PAIRS, "provisions": PROVISION_PAIRS}
        steps = [(client.slow_done.get(view, 0), view) for view in client.views if client.slow_done.get(view, 0) < len(counts[view])]
        if not steps:
            return None
        place, view = min(steps)
        return view, counts[view][place]

    def _check(self, client: Client, asked: int | None) -> Callable[[], None]:
        """Return what ends work that nobody waits for; with an `asked` of None, only if the tab has gone."""

        def check() -> None:
            if self._is_ended or not client.is_open or asked not in (None, client.asked):
                raise Stopped

        return check

    def _fast(self, client: Client, asked: int) -> None:
        """Add one chunk of pairs for a tab, and send the answer."""
        with self._changed:
            self._check(client, asked)()
            state, study, seq = client.state, client.study, client.seq
        assert state is not None
        is_first = study is None
        check = self._check(client, None if is_first else asked)
        if study is None:
            study = LiveStudy(state, self.offers[state.world], self.seed, self.worlds, self.cache)
            check()
        study.extend(self.runs, self.threads, check)
        found = payload.answer(study, self.runs)
        about = payload.described(study) if is_first else None
        with self._changed:
            check()
            is_asked = client.asked == asked
            if is_asked:
                client.study, client.is_answered = study, found["done"]
            self._changed.notify_all()
        client.tell("answer", found, seq)
        if about is not None and is_asked:
            client.tell("about", about, seq)

    def _slow(self, client: Client, asked: int) -> None:
        """Compute one step of an open view."""
        check, state = self._check(client, asked), client.state
        with self._changed:
            check()
            chosen = self._open_view(client)
        if chosen is None or state is None:
            return
        view, pairs = chosen
        offer = self.offers[state.world]
        if view == "map":
            content = self._map(state, offer, pairs, check)
        else:
            content = self._provisions(state, offer, pairs, check)
        with self._changed:
            check()
            client.slow_done[view] = client.slow_done.get(view, 0) + 1
            seq = client.seq
        client.tell(view, content, seq)

    def _map(self, state: State, offer: Offer, pairs: int, check: Callable[[], None]) -> dict[str, Any]:
        worlds = self._slow_worlds.of(state, offer)
        studies = [ensemble(world, None, pairs, self.seed, uncertain=state.uncertain, flows=True, threads=1, progress=lambda done, total: check())
                   for world in worlds]  # fmt: skip
        return flow_map(worlds[0], studies, titles_of(state, offer))

    def _provisions(self, state: State, offer: Offer, pairs: int, check: Callable[[], None]) -> dict[str, Any]:
        _, focus = self._slow_worlds.of(state, offer)  # it knows the changes of every branch
        try:
            found = attribute(focus, state.branch, offer.baseline, pairs, self.seed, measures=[f"{state.outcome}.{state.actor}"],
                              uncertain=state.uncertain, threads=1, progress=lambda done, total: check())  # fmt: skip
        except ProxysimError as error:
            return {"message": str(error).splitlines()[0].partition(": ")[2] or str(error), "n": pairs, "rows": []}
        return {**payload.provisions_json(found, offer), "of": PROVISION_PAIRS[-1]}
