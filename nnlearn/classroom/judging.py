"""Judge what came out of the sandbox: trusted code with strangers' data, so in a process with limits too."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from nnlearn.classroom.sandbox import worker
from nnlearn.classroom.sandbox.host import Box, NoSandbox, Reply, messages
from nnlearn.exercises import Exercise, Function, Result
from nnlearn.exercises.judge import Key, judge, measured
from nnlearn.exercises.runner import STUB, Outcome
from nnlearn.exercises.spec import find_exercise

# For all questions of a notebook and, if that is not enough, for each of them.
CPU, WALL, MEMORY = 30, 120, 512 * 2**20
PLACES = ("check", "end", "cells")  # where an answer was found: the first, unless a later one is better
_KEPT = ("status", "message", "brief", "hint", "misconception", "details", "score")


@dataclass(frozen=True)
class Verdict:
    """What became of one answer. `again`: to run its own cells alone may give a better one."""

    status: str
    message: str = ""
    brief: str = ""
    hint: str = ""
    misconception: str = ""
    details: tuple[str, ...] = ()
    score: float = 0.0
    source: str = ""
    again: bool = False


class Judge(Box):
    """The process that judges."""

    def __init__(self) -> None:
        super().__init__(CPU, WALL, MEMORY)

    def environment(self) -> dict[str, str]:
        return super().environment() | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

    def command(self) -> list[str]:
        limits = f"False, {self.cpu}, {self.wall}, {self.memory}"
        run = "from nnlearn.classroom import judging"
        return [
            sys.executable,
            "-c",
            f"import sys; sys.path[:] = {sys.path!r}; {run}; judging.main({limits})",
        ]

    def verdicts(self, seeds: Mapping[str, int], reply: Reply) -> dict[str, Verdict]:
        """{exercise: verdict} on a sandbox's reply. What is too much to be judged is a 0 and says so.

        Raises NoSandbox where no process can be had, or it cannot even judge nothing.
        """
        found = self._verdicts(seeds, reply)
        for name in seeds.keys() - found.keys():
            alone = {name: seeds[name]}
            one = self._verdicts(alone, reply)
            if name not in one and name not in self._verdicts(alone, Reply(b"")):
                raise NoSandbox("the process that judges does not run, whatever it is given")
            said = "What it gives is more than can be compared."
            found[name] = one.get(name, Verdict("not yet", said, said))
        return found

    def _verdicts(self, seeds: Mapping[str, int], reply: Reply) -> dict[str, Verdict]:
        question = {"seeds": {name: str(seed) for name, seed in seeds.items()}, "ended": reply.ended}
        answers = (message for message in messages(self.ask(question, reply.data)) if message[0] == "verdict")
        return {name: Verdict(**given) for _, name, given in answers}


def main(isolated: bool, cpu: int, wall: int, memory: int) -> None:
    """Wait for replies, with the exercises of all chapters loaded when they are first asked for."""
    worker.serve(answer, isolated, cpu, wall, memory)


def answer(question: Mapping[str, Any], data: bytes, send: Any) -> None:
    """Judge each exercise that is asked for."""
    told = _told(Reply(data, question["ended"]))
    for name, seed in question["seeds"].items():
        verdict = _verdict(find_exercise(name), int(seed), told)
        send("verdict", name, {key.name: getattr(verdict, key.name) for key in fields(verdict)})


@dataclass
class _Found:
    """What one place gave for one exercise."""

    outcomes: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, str] = ("", "")  # instead of outcomes: ("unfit", why), ("not started", "") …


@dataclass
class _Told:
    """All that a notebook's run has told, in order; nothing in it is believed but its form."""

    found: dict[tuple[str, str], _Found] = field(default_factory=dict)  # by exercise and place
    sources: dict[str, tuple[str, list]] = field(default_factory=dict)
    stops: dict[Any, str] = field(default_factory=dict)  # by cell
    rejected: str = ""
    ended: str = ""


def _told(reply: Reply) -> _Told:
    told = _Told()
    for kind, *rest in messages(reply):
        texts = [text for text in rest if isinstance(text, str)]
        match kind, rest:
            case "asked", [str(name), str(place)]:  # once more: the last counts
                told.found[name, place] = _Found()
            case "case", [str(name), str(place), str(case), fields]:
                told.found.setdefault((name, place), _Found()).outcomes[case] = fields
            case (("unfit" | "late" | "not started"), [str(name), str(place), *_]):
                said = (kind, texts[2][:1000] if len(texts) > 2 else "")
                told.found.setdefault((name, place), _Found()).said = said
            case "failed", [str(name), str(place), str(where), str(why)]:
                said = (kind, f"It stops at {where}\n{why}"[:1000] if where else why[:1000])
                told.found[name, place] = _Found(said=said)
            case "source", [str(name), str(source), list(cells)] if name not in told.sources:
                told.sources[name] = source, cells
            case "stopped", [int(cell), str(where), str(why)]:
                told.stops.setdefault(cell, f"It stops at {where or f'cell {cell}'}\n{why}"[:1000])
            case "rejected", [str(why)]:
                told.rejected = why[:1000]
            case "ended", [str(how)]:
                told.ended = how
    return told


def _verdict(exercise: Exercise, seed: int, told: _Told) -> Verdict:
    """The best of what the places gave."""
    source, own = told.sources.get(exercise.id, ("", []))
    if told.rejected:
        return Verdict("rejected", told.rejected, told.rejected)
    if not exercise.graded:
        return Verdict("to read" if own else "missing", source or _missing(exercise), source=source)
    key = Key(exercise, exercise.make_cases(seed))
    found = [(place, _judged(key, told, place)) for place in PLACES]
    results = [(place, result) for place, result in found if result is not None]
    if not results or (max(result.score for _, result in results) == 0 and _failed_first(exercise, told)):
        result = Result(exercise, *_why_nothing(exercise, told, own))
        results = [*(pair for pair in results if pair[1].score), ("check", result)]
    _, best = max(results, key=lambda pair: (pair[1].score, -PLACES.index(pair[0])))
    untouched = best.status == "not started" and STUB.partition("\n")[0] in source
    again = not best and bool(own) and not untouched
    kept = {name: getattr(best, name) for name in _KEPT} | {"details": tuple(best.details)}
    return Verdict(**kept | {"brief": best.brief or best.message}, source=source, again=again)


def _failed_first(exercise: Exercise, told: _Told) -> bool:
    """True where nothing could be asked at all, and why is best told by the cell that stopped."""
    return not any((exercise.id, place) in told.found and told.found[exercise.id, place].said[0] != "failed"
                   for place in PLACES)  # fmt: skip


def _why_nothing(exercise: Exercise, told: _Told, own: list) -> tuple[str, str]:
    """(status, message) where no check came and no value."""
    for cell in own:
        if cell in told.stops:
            return "not yet", told.stops[cell]
    for place in reversed(PLACES):
        if (exercise.id, place) in told.found and (why := told.found[exercise.id, place].said[1]) and own:
            return "not yet", why
    if own:
        return "not yet", f"It gives nothing: {_ended(told)}."
    return "missing", _missing(exercise)


def _ended(told: _Told) -> str:
    return f"the code {told.ended or 'ended its process before it gave an answer'}"


def _missing(exercise: Exercise) -> str:
    return f"The cell {exercise.grade_id!r} is missing from the notebook."


def _judged(key: Key, told: _Told, place: str) -> Result | None:
    exercise, cases = key.exercise, key.cases
    found = told.found.get((exercise.id, place))
    if found is None or found.said[0] == "failed":
        return None
    kind, why = found.said
    if kind == "not started":
        return Result(exercise, "not started", "The cell still holds what it was handed out with.")
    if kind == "unfit":
        return Result(exercise, "not yet", why)
    ended = why.rstrip(".") or _ended(told)
    given = {name: Outcome(problem=f"gives nothing: {ended}.") for name in cases}
    given |= {name: _outcome(fields) for name, fields in found.outcomes.items() if name in cases}
    answer = None if isinstance(exercise, Function) else next(iter(given.values())).value
    return judge(key, answer, measured(exercise, cases, given))


def _outcome(given: Any) -> Outcome:
    """An outcome from what the other side of the wall says it is."""
    garbage = Outcome(problem="gives nothing: what the code sent is not an answer (bad protocol).")
    if not isinstance(given, dict) or not given.keys() <= vars(Outcome()).keys():
        return garbage
    texts = [given.get(name, "") for name in ("problem", "line", "printed", "warned")]
    changed = given.get("changed", ())
    if not isinstance(changed, tuple | list) or not all(isinstance(text, str) for text in (*texts, *changed)):
        return garbage
    problem, line, printed, warned = (text[:1000] for text in texts)
    value = given.get("value")
    if value is None and not problem:
        return garbage
    return Outcome(value, problem, line, tuple(name[:100] for name in changed[:20]), printed, warned)
