"""The one table of diagnostic codes. Each has a page in `explanations/`."""

from dataclasses import dataclass
from importlib.resources import files

from headrace.compiler.diagnostics import Severity


@dataclass(frozen=True)
class Code:
    """What a code stands for; `stage` is the part of the compiler that finds it.

    `depends_on_calls` tells that the pipeline decides, by its calls, what is found in a step: for
    another pipeline of the same steps it may be something else.
    """

    title: str
    severity: Severity = Severity.ERROR
    stage: str = "frontend"
    depends_on_calls: bool = False


CODES = {
    "HR101": Code("syntax error"),
    "HR102": Code("construct that a pipeline's body does not accept"),
    "HR103": Code("no pipeline function"),
    "HR104": Code("function that cannot be a pipeline"),
    "HR105": Code("ignore comment that silences nothing", Severity.WARNING),
    "HR106": Code("value that goes from one turn of a loop to the next"),
    "HR107": Code("file that no program can import"),
    "HR201": Code("unknown name"),
    "HR202": Code("name that may be unbound"),
    "HR203": Code("call to something that is not a step"),
    "HR204": Code("arguments that do not fit a step's signature"),
    "HR205": Code("function that cannot be a step"),
    "HR206": Code("star in a call or in an assignment"),
    "HR207": Code("pipeline that calls itself"),
    "HR301": Code("unpacking that cannot fit"),
    "HR302": Code("one-shot iterator bound to a name"),
    "HR303": Code("operator that depends on object identity"),
    "HR304": Code("default of a pipeline parameter that is not a constant"),
    "HR305": Code("module state that a step changes", Severity.WARNING, depends_on_calls=True),
    "HR306": Code("mutable default that a step changes", Severity.WARNING, depends_on_calls=True),
    "HR307": Code("order of a set that shows in a result", Severity.WARNING),
    "HR308": Code("types that cannot fit"),
    "HR309": Code("artifact that decides what runs"),
    "HR310": Code("change in place that other names may see"),
    "HR401": Code("unknown key", stage="configuration"),
    "HR402": Code("value that a key does not accept", stage="configuration"),
    "HR403": Code("configuration that cannot be read", stage="configuration"),
    "HR404": Code("unknown profile", stage="configuration"),
    "HR405": Code("accelerator or platform that cannot be resolved by name", stage="configuration"),
    "HR406": Code("packages that the stock Python image lacks", Severity.WARNING, stage="target"),
    "HR407": Code("no store set for artifacts", Severity.WARNING, stage="target"),
    "HR408": Code("file beside a module that travels alone", Severity.WARNING, stage="target"),
    "HR409": Code("image that holds other code", Severity.WARNING, stage="target"),
    "HR410": Code("image that cannot reach the store", Severity.WARNING, stage="target"),
    "HR440": Code("pod that a policy forbids", stage="target"),
    "HR441": Code("settings of a pod that do not fit together", stage="target"),
    "HR430": Code("accelerator of which too little is known", Severity.WARNING, stage="target"),
    "HR431": Code("accelerator or place that a platform does not have", stage="target"),
    "HR432": Code("number of hosts that an accelerator does not have", stage="target"),
    "HR501": Code("feature that a target refuses", stage="target"),
    "HR510": Code("name too long for a target", stage="target"),
    "HR511": Code("value or object too large for a target", stage="target"),
    "HR512": Code("more parts than a target takes", stage="target"),
    "HR513": Code("text that a target would read as its own", stage="target"),
    "HR514": Code("scheduled pipeline with a parameter that has no default", stage="target"),
}


def explanation(code: str) -> str:
    """Return the page of `code`, as Markdown.

    Raises:
        KeyError: there is no such code.
    """
    CODES[code]
    page = files("headrace.compiler").joinpath("explanations", f"{code}.md")
    return page.read_text(encoding="utf-8")
