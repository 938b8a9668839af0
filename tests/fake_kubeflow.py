"""The API of Kubeflow Pipelines, and the API server of its cluster, in this process.

Runs that have ended, with their pods and logs, were recorded from version 2.17.0
(`data/engine-runs`). A run that is started here has answers made after these: the log of a step is
what the shim writes that its container would run.
"""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from fake_server import Answer, Request

RUN = "0b6f29f4-8f3c-4a08-9d0a-0d3a6e2f7c11"
EPOCH = "1970-01-01T00:00:00Z"
STARTED, ENDED = "2026-11-27T19:00:00Z", "2026-11-27T19:00:20Z"
EMISSARY = ["/var/run/argo/argoexec", "emissary", "--loglevel", "warn", "--"]
LAUNCHED = "I1127 19:00:01.000000      12 launcher_v2.go:151] PipelineSpec: {}\n"
STEP = Path(sys.executable).with_name("headrace-step")
RECORDED = Path(__file__).parent / "data" / "engine-runs"

Document = dict[str, Any]


class FakeKubeflow:
    """One installation, for runs of tasks that need no other; they end at once if told so."""

    def __init__(self, code: Path, folder: Path) -> None:
        """Run steps with the modules in `code`, and leave what they write in `folder`."""
        self._code, self._folder = code, folder
        self.runs: dict[str, Document] = {}
        self.pods: dict[str, Document] = {}
        self.logs: dict[str, str] = {}
        self.applied: list[Document] = []
        self.has_ended = True
        self.terminated: list[str] = []

    def add(self, name: str) -> str:
        """Add the recorded run of the case `name`; return its id."""
        found = recorded(name)
        run = str(found["run"]["run_id"])
        self.runs[run] = found["run"]
        self.pods |= {each["metadata"]["name"]: each for each in found["pods"]}
        self.logs |= found["logs"]
        return run

    def kfp(self, request: Request) -> Answer:
        """Answer as the API server of Kubeflow Pipelines does."""
        assert request.parts[:2] == ["apis", "v2beta1"]
        what, *rest = request.parts[2:]
        if what == "experiments":
            found = {"experiment_id": "e", "display_name": "Default", "namespace": ""}
            return Answer({"experiments": [found], "total_size": 1})
        if what != "runs":
            return Answer({"multi_user": False})
        if request.method == "POST" and not rest:
            return Answer(self._create(request.body))
        if not rest:
            assert request.query["sort_by"] == "created_at desc"
            theirs = {**self._run("x"), "pipeline_spec": {"sdkVersion": "kfp-2.17.0"}}
            return Answer({"runs": [theirs, *self.runs.values()], "total_size": 2})
        name, _, verb = rest[0].partition(":")
        if name not in self.runs:
            return Answer({"code": 5, "message": f"Run {name} not found"}, 404)
        if verb == "terminate":
            self.terminated.append(name)
            return Answer({})
        return Answer(self.runs[name])

    def cluster(self, request: Request) -> Answer:
        """Answer as the API server of Kubernetes does."""
        at = request.parts.index("namespaces")
        namespace, kind, *rest = request.parts[at + 1 :]
        assert namespace == "kubeflow"
        if kind == "configmaps":
            self.applied.append(request.body)
            return Answer(request.body)
        assert kind == "pods"
        if rest and rest[0] not in self.logs:
            return Answer({"message": f'pods "{rest[0]}" not found'}, 404)
        if rest:
            return Answer(self.logs[rest[0]])
        label, _, run = request.query["labelSelector"].partition("=")
        found = [p for p in self.pods.values() if p["metadata"]["labels"].get(label) == run]
        return Answer({"items": found})

    def _create(self, body: Document) -> Document:
        spec = body["pipeline_spec"]
        assert set(spec) == {"pipeline_spec", "platform_spec"}
        known = spec["pipeline_spec"]["root"]["inputDefinitions"]["parameters"]
        given = body["runtime_config"].get("parameters", {})
        assert set(given) <= set(known)
        inputs = {name: about.get("defaultValue", "") for name, about in known.items()} | given
        self.runs[RUN] = {**self._run(RUN), **body}
        failed = False
        platform = spec["platform_spec"]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        executors = spec["pipeline_spec"]["deploymentSpec"]["executors"]
        for task in spec["pipeline_spec"]["root"]["dag"]["tasks"].values():
            component = spec["pipeline_spec"]["components"][task["componentRef"]["name"]]
            label = component["executorLabel"]
            received = {
                name: inputs[source["componentInputParameter"]]
                for name, source in task["inputs"]["parameters"].items()
            }
            metadata = platform[label]["podMetadata"]
            failed |= self._pod(label, executors[label]["container"], metadata, received)
        self.pods["driver"] = pod("driver", ["driver"], [], {}, {})
        if self.has_ended:
            self.runs[RUN] |= {"state": "FAILED" if failed else "SUCCEEDED", "finished_at": ENDED}
        return self.runs[RUN]

    def _run(self, name: str) -> Document:
        return {
            "run_id": name,
            "display_name": name,
            "created_at": STARTED,
            "finished_at": EPOCH,
            "state": "RUNNING",
        }

    def _pod(
        self, label: str, container: Document, metadata: Document, inputs: dict[str, str]
    ) -> bool:
        """Add the pod of an executor that receives `inputs`, and run it."""
        said = self._folder / f"{label}.message"
        said.touch()
        outputs = self._folder / label
        args = [a.replace("{{$.outputs.parameters['", f"{outputs}-") for a in container["args"]]
        args = [a.replace("'].output_file}}", "") for a in args]
        for name, text in inputs.items():
            args = [a.replace(f"{{{{$.inputs.parameters['{name}']}}}}", text) for a in args]
        done = subprocess.run(
            [str(STEP), *args],
            cwd=self._code,
            env={"PATH": "/usr/bin:/bin", "HEADRACE_TERMINATION_LOG": str(said)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        lines = re.findall(r"[^\n]*\n", LAUNCHED + done.stdout)
        self.logs[label] = "".join(f"{STARTED} {line}" for line in lines)
        ended = {
            "exitCode": done.returncode,
            "message": said.read_text(),
            "startedAt": STARTED,
            "finishedAt": ENDED,
        }
        command = [*EMISSARY, "/kfp-launcher/launch", "--run_id", RUN, "--"]
        command += container["command"]
        self.pods[label] = pod(label, command, args, metadata["annotations"], ended)
        return bool(done.returncode)


def recorded(name: str) -> Document:
    """Return the `run`, the `pods` and the `logs` that were recorded of the case `name`."""
    content = (RECORDED / f"kubeflow-{name}.json.gz").read_bytes()
    document: Document = json.loads(gzip.decompress(content))
    return document


def pod(
    name: str, command: list[str], args: list[str], annotations: Document, ended: Document
) -> Document:
    """Return a pod as the API server has it, `ended` as the state of its step is."""
    node = {"workflows.argoproj.io/node-name": f"wf(0).root(0).{name}(0).executor(0)"}
    phase = "Failed" if ended.get("exitCode") else "Succeeded"
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": STARTED,
            "annotations": {**annotations, **node},
            "labels": {"pipeline/runid": RUN},
        },
        "spec": {"containers": [{"name": "main", "command": command, "args": args}]},
        "status": {
            "phase": phase,
            "containerStatuses": [{"name": "main", "state": {"terminated": ended}}],
        },
    }
