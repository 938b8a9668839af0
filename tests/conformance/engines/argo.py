"""Runs cases on the Argo controller of the cluster that KUBECONFIG leads to.

Every manifest is run as it is compiled. What a case needs of the machine, a folder that its steps
share and the working folder of its image, stands in the Workflow that starts the run.

It needs the environment `.venvs/airflow`; `kubernetes` is imported when it is called.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from cluster import clients
from cluster.images import working_folder
from cluster.server import Document
from conformance import suite
from conformance.engines import argo_overhead, argo_status, overhead
from conformance.engines.argo_api import ArgoApi, version_of
from conformance.engines.engine import Ended, NotThere
from conformance.evidence import Overhead
from conformance.suite import Case
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store
from models.argo.processes import STORE_PARAMETER

SECONDS_TO_END = 1200
"""How long a run may take; the controller is known to leave some running for ever."""

SECONDS_TO_NOTICE = 5
"""How long a controller may take to see a new template; it ends a run in Error until then."""

LONGEST_NAME = 50
"""Characters of a run's name, to which the API server adds five: it becomes a label's value."""


@contextmanager
def argo() -> Iterator["Argo"]:
    """Give the Argo of the cluster that KUBECONFIG leads to.

    Raises:
        NotThere: there is none.
        RuntimeError: there is one that cannot run the cases.
    """
    kubeconfig = os.environ.get("KUBECONFIG")
    if not kubeconfig:
        raise NotThere("KUBECONFIG is not set")
    # Not in TMPDIR: a test may have set that to a folder which is gone before the pods are.
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-argo-")))
        api, namespace = _entered(stack, Path(kubeconfig))
        yield Argo(stack, api, namespace, folder)


class Argo:
    """The controller that answers `api`; `folder` of this machine is seen by its pods too."""

    name = "argo"

    def __init__(self, stack: ExitStack, api: ArgoApi, namespace: str, folder: Path) -> None:
        """See that it answers in `namespace`; what it makes in the cluster `stack` removes.

        Raises:
            NotThere: no controller answers.
            RuntimeError: its pods do not run, or do not see `folder`.
        """
        self._stack, self.api, self.folder = stack, api, folder
        self.namespace = namespace
        self._namespaces = [namespace]
        self._templates: dict[str, tuple[str, str]] = {}
        self._runs: dict[tuple[str, str], _Run] = {}
        self.version = self._probed()

    def prepare(self, cases: Iterable[Case]) -> None:
        """Create the templates of `cases`, and wait until the controller knows them."""
        for case in cases:
            self._templates[case.name] = self._prepare(case)
        time.sleep(SECONDS_TO_NOTICE)

    def start(self, case: Case, number: int) -> None:
        """Start the run `number` of `case`, which it was prepared for."""
        folder = self.folder / f"{case.name}-{number}"
        folder.mkdir()
        run = _Run(case, number, folder, time.monotonic())
        texts = {
            STORE_PARAMETER: run.store,
            **suite.python_pipeline_parameters(case.runs[number]),
        }
        namespace, template = self._templates[case.name]
        name = self.api.create(
            namespace,
            {
                "kind": "Workflow",
                "metadata": {"generateName": f"{template[:LONGEST_NAME]}-"},
                "spec": {
                    "workflowTemplateRef": {"name": template},
                    "arguments": {"parameters": _parameters(texts)},
                    "podSpecPatch": json.dumps(sharing(folder, working_folder(case))),
                },
            },
        )
        self._runs[namespace, name] = run

    def ended(self) -> Iterator[Ended]:
        """Give the runs that have ended since, also those that took too long."""
        for namespace in self._namespaces:
            for workflow in self.api.completed(namespace):
                name = workflow["metadata"]["name"]
                if run := self._runs.pop((namespace, name), None):
                    yield self._ended(namespace, workflow, run)
        began_too_early = time.monotonic() - SECONDS_TO_END
        for (namespace, name), run in list(self._runs.items()):
            if run.began < began_too_early:
                del self._runs[namespace, name]
                late = self._ended(namespace, self.api.get(namespace, name), run)
                yield replace(late, late=True)

    def overhead(self) -> Overhead:
        """Measure what a step that does nothing takes, in our manifest and in one made by hand."""
        self.prepare([overhead.CASE])
        ours = {
            "workflowTemplateRef": {"name": self._templates[overhead.CASE.name][1]},
            "podSpecPatch": json.dumps(argo_overhead.PATCH),
        }
        return overhead.measured(
            lambda: argo_overhead.took(self.one(ours)),
            lambda: argo_overhead.took(self.one(argo_overhead.by_hand())),
        )

    def _ended(self, namespace: str, workflow: Document, run: "_Run") -> Ended:
        artifacts = Artifacts(open_store(run.store), lambda: "")
        found = argo_status.found(workflow, artifacts)
        self.api.delete(namespace, workflow["metadata"]["name"])
        return Ended(run.case, run.number, found, time.monotonic() - run.began)

    def _prepare(self, case: Case) -> tuple[str, str]:
        """Create the templates of `case`; return the namespace and the name of the first.

        Cases that are folders have templates of the same name.
        """
        files = suite.emitted(case, "argo")[0]
        documents = [d for f in files for d in yaml.load_all(f.text, Loader=yaml.CSafeLoader)]
        templates = [d for d in documents if d["kind"] == "WorkflowTemplate"]
        (name,) = [t["metadata"]["name"] for t in templates if "entrypoint" in t["spec"]]
        taken = set(self._templates.values())
        free = (space for space in self._namespaces if (space, name) not in taken)
        if (namespace := next(free, None)) is None:
            namespace = self._stack.enter_context(self.api.namespace())
            self._namespaces.append(namespace)
        for template in templates:
            self.api.create(namespace, template)
        return namespace, name

    def one(self, spec: dict[str, Any]) -> Document:
        """Run one Workflow in the first namespace; return it as it has ended.

        Raises:
            NotThere: no controller looks at it.
            RuntimeError: it does not succeed.
        """
        namespace = self.namespace
        name = self.api.create(
            namespace, {"kind": "Workflow", "metadata": {"generateName": "one-"}, "spec": spec}
        )
        workflow = self.api.answered(namespace, name)
        if workflow["status"]["phase"] != "Succeeded":
            raise RuntimeError(argo_status.what_it_says(workflow))
        return workflow

    def _probed(self) -> str:
        """Run a pod that reads a file of the folder; return the version of its executor."""
        (self.folder / "probe").touch()
        container = {"image": suite.IMAGE, "command": ["cat", f"{self.folder}/probe"]}
        workflow = self.one(
            {
                "entrypoint": "probe",
                "templates": [{"name": "probe", "container": container}],
                "podSpecPatch": json.dumps(sharing(self.folder, "/")),
            }
        )
        name = workflow["metadata"]["name"]
        return version_of(self.api.executor_images(self.namespace, name))


@dataclass(frozen=True)
class _Run:
    case: Case
    number: int
    folder: Path
    began: float

    @property
    def store(self) -> str:
        return (self.folder / "store").as_uri()


def _entered(stack: ExitStack, kubeconfig: Path) -> tuple[ArgoApi, str]:
    """Return a client of the cluster, and a namespace there.

    Raises:
        NotThere: no cluster answers.
    """
    from kubernetes.config import ConfigException
    from urllib3.exceptions import MaxRetryError

    try:
        api = ArgoApi(stack.enter_context(clients.client(kubeconfig)))
        return api, stack.enter_context(api.namespace())
    except (ConfigException, MaxRetryError) as error:
        raise NotThere(f"KUBECONFIG leads to no cluster ({error})") from None


def _parameters(texts: dict[str, str]) -> list[Document]:
    return [{"name": name, "value": value} for name, value in texts.items()]


def sharing(folder: Path, work: str) -> dict[str, Any]:
    """Return what pods get that see `folder` and run in the folder `work` of their image."""
    main = {
        "name": "main",
        "workingDir": work,
        "env": [{"name": "TMPDIR", "value": str(folder)}],
        "volumeMounts": [{"name": "shared", "mountPath": str(folder)}],
    }
    return {
        "containers": [main],
        "volumes": [{"name": "shared", "hostPath": {"path": str(folder)}}],
    }
