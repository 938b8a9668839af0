"""The REST API of an Airflow in this process.

What it answers of runs, tasks and logs was recorded from Airflow 3.3.2 (`data/engine-runs`).
"""

import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fake_server import Answer, Request

RECORDED = Path(__file__).parent / "data" / "engine-runs"
RUNS = {
    "a_step": "a-step/manual__2026-11-27T19:00:04.847436+00:00",
    "map_one_item_fails": "map-one-item-fails/manual__2026-11-27T19:00:18.656525+00:00",
}
"""The recorded runs, by the conformance case."""

Document = dict[str, Any]


def recorded(case: str) -> dict[str, Document]:
    """Return what Airflow answered of a run, by the path below /api/v2."""
    text = gzip.decompress((RECORDED / f"airflow-{case}.json.gz").read_bytes())
    answers: dict[str, Document] = json.loads(text)
    return answers


class FakeAirflow:
    """An Airflow that knows the recorded runs, and the DAGs that are in `folder`.

    `lets_everybody_in` is what an auth manager may be set to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lets_everybody_in = True
        self.tokens = {"secret"}
        self.paused = False
        self.import_errors: list[Document] = []
        self.looks_until_it_reads = 0
        self.changes: list[Request] = []
        self.answers: dict[str, Document] = {}
        for case in RUNS:
            self.answers |= recorded(case)

    def __call__(self, request: Request) -> Answer:
        if request.path == "/auth/token":
            return self._token(request)
        assert request.path.startswith("/api/v2/")
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer({"detail": "Invalid JWT token"}, 401)
        path = request.path.removeprefix("/api/v2")
        if request.method != "GET":
            self.changes.append(request)
        if path.startswith("/dagSources/"):
            return self._source(request.parts[-1])
        if path == "/importErrors":
            found = self.import_errors
            return Answer({"import_errors": found, "total_entries": len(found)})
        if path.endswith("/dagRuns"):
            return self._runs(request)
        return self._recorded(path, request)

    def _token(self, request: Request) -> Answer:
        known = request.body == {"username": "ada", "password": "lovelace"}
        if (request.method == "GET" and self.lets_everybody_in) or known:
            return Answer({"access_token": "secret"}, 201)
        return Answer({"detail": "Invalid credentials"}, 401)

    def _source(self, dag: str) -> Answer:
        if self.looks_until_it_reads:
            self.looks_until_it_reads -= 1
        for path in () if self.looks_until_it_reads else self.folder.glob("*.py"):
            if f'dag_id="{dag}"' in path.read_text():
                about = {"dag_id": dag, "version_number": 1, "dag_display_name": dag}
                return Answer({"content": path.read_text(), **about})
        return Answer({"detail": f"The source code of the Dag {dag} was not found"}, 404)

    def _runs(self, request: Request) -> Answer:
        runs = [self.answers[_path(run)] for run in RUNS.values()]
        dag = request.parts[3]
        if request.method == "GET":
            assert (dag, request.query["order_by"]) == ("~", "-run_after")
            others = [{**run, "dag_id": "theirs"} for run in runs]
            both = [*runs[::-1], *others]
            start, size = int(request.query["offset"]), int(request.query["limit"])
            page = both[start : start + min(size, 3)]  # the server's own limit is a smaller one
            return Answer({"dag_runs": page, "total_entries": len(both)})
        [run] = [run for run in runs if run["dag_id"] == dag]
        return Answer({**run, "state": "queued", "conf": request.body["conf"]})

    def _recorded(self, path: str, request: Request) -> Answer:
        if "map_index" in request.query:
            assert request.query["full_content"] == "true"
            path += f"?map_index={request.query['map_index']}"
        found = self.answers.get(path)
        if found is None or set(found) == {"detail"}:
            return Answer(found or {"detail": f"{path} was not found"}, 404)
        if request.method == "PATCH":
            found |= request.body
        elif path.endswith("/details"):
            found = {**found, "is_paused": self.paused}
        return Answer(found)


def _path(run: str) -> str:
    dag, _, name = run.partition("/")
    return f"/dags/{dag}/dagRuns/{quote(name, safe='')}"
