"""How large a specification becomes inside the engine, which is where its limits are.

The API server compiles a specification to one Workflow of Argo, in which each component is a text:
https://github.com/kubeflow/pipelines/tree/2.17.0/backend/src/v2/compiler/argocompiler
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from headrace.targets.kubeflow.verify import tasks_of

Document: TypeAlias = Mapping[str, Any]

ARGUMENT_BYTES = 130_000
"""The longest text of a component, a task or a container: a driver receives each as one argument
of a Linux process (MAX_ARG_STRLEN, 131,072 with its end). 130,000 bytes were seen to pass."""

RUN_BYTES = 1_048_576
"""The longest JSON of a Workflow with its status, compressed (MAX_WORKFLOW_SIZE):
https://github.com/argoproj/argo-workflows/blob/main/workflow/packer/packer.go"""

TEMPLATES = 10_000
"""The bytes of what every Workflow has: its own metadata, and the templates of drivers, executors
and the entrypoint. Those of 2.17 have 8,500."""

STATUS_OF_A_STEP, STATUS_OF_A_DAG = 460, 200
"""The bytes that the status keeps of a step, and of a DAG or loop, when it is compressed: of their
drivers, their pods and the nodes around them, for values of a few bytes. Computed from the texts
that 2.17 and Argo 4.1 put into the nodes of 300 steps."""

LONG_TEXT, COPIES = 8_192, 4
"""The bytes of a container's text from which on the compression finds nothing that its copies have
in common, and the copies: in the inputs and the outputs of the driver, and in the inputs of the pod
and of the node around it."""

_HASH = "0" * 64
_PARENT = {"parent-dag-id": "{{inputs.parameters.parent-dag-id}}"}


def text_of(document: Any) -> str:
    """Return the JSON of `document`, a part of a specification, as the engine keeps it."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    # The one field that has the value which it has anyway; the engine leaves those out. Within a
    # string the quotes of this text would be escaped.
    return escaped(text.replace('"enableCache":false', ""))


def escaped(text: str) -> str:
    """Return the JSON `text` with what HTML reads escaped, as the engine writes it."""
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


class Workflow:
    """What becomes of a manifest in the engine.

    `texts` are those that drivers receive of each component, by what they are; `tasks` is how many
    there are in all DAGs.
    """

    def __init__(self, spec: Document, platform: Document) -> None:
        """Take the two documents of the manifest."""
        self._components: Mapping[str, Document] = {"root": spec["root"], **spec["components"]}
        executors = spec["deploymentSpec"]["executors"]
        configs = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        self.texts: dict[str, dict[str, str]] = {}
        self.tasks = sum(len(tasks_of(component)) for component in self._components.values())
        self._annotations: dict[str, Mapping[str, str]] = {}
        for name, component in self._components.items():
            texts = {"components": text_of(component)}
            label = component.get("executorLabel")
            if label is not None:
                texts["implementations"] = text_of(executors[label]["container"])
            if label in configs:
                texts["kubernetes"] = text_of(configs[label])
                metadata = configs[label].get("podMetadata", {})
                self._annotations[name] = metadata.get("annotations", {})
            self.texts[name] = texts

    def run_bytes(self) -> int:
        """Return what a run keeps in one object at its end, if what steps make is small."""
        return TEMPLATES + self.specification_bytes() + self.status_bytes()

    def specification_bytes(self) -> int:
        """Return the bytes of the Workflow before it runs, without what every one has."""
        documents = (
            json.dumps(document, separators=(",", ":"), ensure_ascii=False)
            for document in self._documents()
        )
        return sum(len(document.encode()) + len(",") for document in documents)

    def status_bytes(self) -> int:
        """Return the bytes of the status at the end, compressed."""
        sizes = {name: self._status_of_a_task(name) for name in self._components}
        return sum(
            sizes[task["componentRef"]["name"]]
            for component in self._components.values()
            for task in tasks_of(component)
        )

    def _status_of_a_task(self, component: str) -> int:
        if "implementations" not in self.texts[component]:
            return STATUS_OF_A_DAG
        text = self.texts[component]["implementations"].encode()
        if len(text) <= LONG_TEXT:
            return STATUS_OF_A_STEP
        # Base64 makes four bytes of three.
        return STATUS_OF_A_STEP + COPIES * len(zlib.compress(text)) * 4 // 3

    # --- the parts of the Workflow that grow with a specification --------------------------------

    def _documents(self) -> Iterator[Any]:
        for name, component in self._components.items():
            is_step = "executorLabel" in component
            for kind, text in self.texts[name].items():
                of = _HASH if is_step and kind != "kubernetes" else name
                yield {"name": f"{kind}-{of}", "value": text}
            if not is_step:
                tasks = component["dag"]["tasks"]
                yield self._dag(name, [t for k, v in tasks.items() for t in self._tasks(k, v)])

    def _dag(self, name: str, tasks: list[Any]) -> Document:
        return {
            "name": name,
            "inputs": {"parameters": [{"name": "parent-dag-id"}]},
            "outputs": {},
            "metadata": {"annotations": {"sidecar.istio.io/inject": "false"}},
            "dag": {"tasks": tasks},
        }

    def _tasks(self, name: str, task: Document) -> Iterator[Any]:
        """Yield the tasks of Argo that become of `task`: its driver, and what that one starts."""
        component = task["componentRef"]["name"]
        if "parameterIterator" in task:
            template = f"{component}-{name}-iterator"
            yield self._dag(template, [*self._dag_tasks("iteration", task)])
            yield self._dag(f"{component}-iteration", [*self._dag_tasks("iteration-item", task)])
            yield _argo_task(name, template, _PARENT) | _waiting(task)
        elif "executorLabel" in self._components[component]:
            yield from self._step_tasks(name, task)
        else:
            yield from self._dag_tasks(name, task)

    def _dag_tasks(self, name: str, task: Document) -> Iterator[Any]:
        component = task["componentRef"]["name"]
        made = f"{{{{tasks.{name}-driver.outputs.parameters.%s}}}}"
        values = {
            "component": f"{{{{workflow.parameters.components-{component}}}}}",
            "task": text_of(task),
            "task-name": name,
            **_PARENT,
        }
        yield _argo_task(f"{name}-driver", "system-dag-driver", values) | _waiting(task)
        values = {"parent-dag-id": made % "execution-id", "condition": made % "condition"}
        own = _argo_task(name, component, values) | {"depends": f"{name}-driver.Succeeded"}
        yield own | ({"when": f"{made % 'condition'} != false"} if "triggerPolicy" in task else {})

    def _step_tasks(self, name: str, task: Document) -> Iterator[Any]:
        component = task["componentRef"]["name"]
        made = f"{{{{tasks.{name}-driver.outputs.parameters.%s}}}}"
        values = {
            "component": f"{{{{workflow.parameters.components-{_HASH}}}}}",
            "task": text_of(task),
            "container": f"{{{{workflow.parameters.implementations-{_HASH}}}}}",
            "task-name": name,
            **_PARENT,
        }
        if "kubernetes" in self.texts[component]:
            values["kubernetes-config"] = f"{{{{workflow.parameters.kubernetes-{component}}}}}"
        yield _argo_task(f"{name}-driver", "system-container-driver", values) | _waiting(task)
        values = {"pod-spec-patch": made % "pod-spec-patch"}
        for annotation, text in self._annotations.get(component, {}).items():
            values["pod-metadata-annotation-key"] = annotation
            values["pod-metadata-annotation-val"] = text
        for field, value in task.get("retryPolicy", {}).items():
            values[f"retry-{field}"] = str(value)
        own = _argo_task(name, "metadata-1-0-system-container-executor", values)
        own["arguments"]["parameters"].append(
            {"name": "cached-decision", "default": "false", "value": made % "cached-decision"}
        )
        yield own | {"depends": f"{name}-driver.Succeeded"}


def _argo_task(name: str, template: str, values: Mapping[str, str]) -> dict[str, Any]:
    parameters = [{"name": parameter, "value": value} for parameter, value in values.items()]
    return {"name": name, "template": template, "arguments": {"parameters": parameters}}


def _waiting(task: Document) -> dict[str, str]:
    needed = [f"{other}.Succeeded" for other in task.get("dependentTasks", ())]
    return {"depends": " && ".join(needed)} if needed else {}
