"""Mark by hand: what only a person can judge, and what a person decides otherwise than the computer."""

import asyncio
import contextlib
import json
import secrets
import webbrowser
from collections.abc import Sequence
from typing import Any

import typer
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from nnlearn.classroom.report import template
from nnlearn.classroom.standing import Standing, exercise_of
from nnlearn.classroom.store import Store, answer_hash
from nnlearn.exercises.ids import place
from nnlearn.exercises.spec import Exercise, Explain, find_exercise


def mark(
    store: Store,
    student: str,
    exercise: str,
    score: float | None,
    comment: str,
    answer: str = "",
    ticks: Sequence[str] = (),
) -> str:
    """Keep a mark of an answer, without its hash of the one that counts; what has been done, in words.

    Raises ValueError for a student or an exercise without a grade, points out of range, or a computed score
    that is changed without a comment.
    """
    found, person = find_exercise(exercise), store.policy.person(student)
    student = person.id if person else student
    grades = list(store.grades(student))
    if not grades:
        raise ValueError(f"{student!r} has handed in nothing that was graded")
    theirs = [grade for grade in grades if grade.exercise == found.id]
    if not theirs:
        raise ValueError(f"{student} has no answer to {found.id}")
    known = {answer_hash(grade.source) for grade in theirs}
    if answer and answer not in known:
        raise ValueError(f"{student} has no such answer to {found.id} any more: load the page again")
    if unknown := set(ticks) - {*_rubric(found)}:
        raise ValueError(f"{found.id}: nothing in its rubric is {min(unknown)!r}")
    if score is None and not comment.strip():
        raise ValueError("a mark is points, a comment, or both")
    if score is not None and not 0 <= score <= found.points:
        raise ValueError(f"{found.id}: score is {score:g}, expected 0 to {found.points:g}")
    if score is not None and found.graded and not comment.strip():
        raise ValueError(f"{found.id} has a computed score: say in a comment why it is changed")
    if not answer:
        standings = (s for s in Standing(store, student).students if s.id == student)
        counted = [line.grade for s in standings for c in s.chapters for line in c.lines]
        answer = answer_hash(next(g for g in [*counted, *theirs] if g.exercise == found.id).source)
    store.mark(student, found.id, score, comment.strip(), answer, ticks)
    return (
        f"{student}, {found.id}: {'' if score is None else f'{score:g} of {found.points:g} points'} {comment}"
    )


def _rubric(exercise: Exercise) -> list[str]:
    return list(exercise.rubric) if isinstance(exercise, Explain) else []


def answers(store: Store, student: str = "") -> list[dict[str, Any]]:
    """The answers that a person has to read, of the attempts that count or may; or all of one student's."""
    found = []
    for standing in Standing(store, student or None).students:
        for chapter in standing.chapters:
            attempts = (chapter, *chapter.others)
            lines = {(x.grade.exercise, x.grade.source): x for attempt in attempts for x in attempt.lines}
            for line in lines.values():
                exercise = exercise_of(line.grade)
                if standing.id != student and (student or exercise.graded):
                    continue
                former = line.former and line.former.score
                found.append(
                    {
                        "hash": answer_hash(line.grade.source),
                        "student": standing.id,
                        "name": standing.name,
                        "exercise": exercise.id,
                        "title": f"{exercise.id} {exercise.title}",
                        "question": exercise.question.partition("\n")[2].strip(),
                        "rubric": _rubric(exercise),
                        "ticks": list(line.mark.ticks) if line.mark else [],
                        "former": "" if former is None else f"{former:g} of {exercise.points:g} points",
                        "answer": line.grade.source or line.grade.message,
                        "said": f"{line.grade.status}. {line.grade.message}" if exercise.graded else "",
                        "computed": line.grade.score,
                        "points": exercise.points,
                        "score": line.mark.score if line.mark else None,
                        "comment": line.mark.comment if line.mark else "",
                    }
                )
    return sorted(found, key=lambda answer: place(answer["exercise"]))  # one exercise after the other


def serve(store: Store, port: int, browser: bool) -> None:
    """Show the page until the command is interrupted; to this machine alone, at an address with a key."""

    async def run() -> None:
        sockets = bind_sockets(port, "127.0.0.1")
        key = secrets.token_urlsafe(16)
        HTTPServer(_application(store, key)).add_sockets(sockets)
        address = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/{key}/"
        typer.echo(f"{address}\nCtrl-C ends it; every mark is kept as soon as it is given.")
        if browser:
            webbrowser.open(address)
        await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


def _application(store: Store, key: str) -> Application:
    page = template("marking.html").render().encode()

    class Handler(RequestHandler):
        def prepare(self) -> None:
            """Another site's page, or its name for this machine, gets nothing."""
            here = (f"127.0.0.1:{port_of(self)}", f"localhost:{port_of(self)}")
            origin = self.request.headers.get("Origin", f"http://{here[0]}")
            if self.request.host not in here or origin.removeprefix("http://") not in here:
                raise HTTPError(403)

    class Page(Handler):
        def get(self) -> None:
            self.finish(page)

    class Answers(Handler):
        def get(self) -> None:
            self.finish({"answers": answers(store, self.get_argument("student", ""))})

    class Marks(Handler):
        def post(self) -> None:
            try:
                given = json.loads(self.request.body)
                score = given["score"]
                if not (score is None or type(score) in (int, float)):
                    raise ValueError(f"score is {score!r}, expected a number")
                ticks = [str(tick) for tick in given.get("ticks", [])]
                texts = (str(given.get(name, "")) for name in ("student", "exercise", "comment", "hash"))
                student, exercise, comment, answer = texts
                said = mark(store, student, exercise, score, comment, answer, ticks)
            except (ValueError, LookupError, TypeError) as error:
                self.set_status(400)
                self.finish({"problem": str(error)})
            else:
                self.finish({"said": said})

    return Application([(f"/{key}/", Page), (f"/{key}/answers", Answers), (f"/{key}/marks", Marks)])


def port_of(handler: RequestHandler) -> int:
    """The port that a request came in by."""
    connection: Any = handler.request.connection
    return int(connection.stream.socket.getsockname()[1])
