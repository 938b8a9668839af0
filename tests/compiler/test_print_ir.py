import json

import jsonschema
import pytest

from argo_pipelines import (
    PIPELINES,
)
from headrace.compiler import ir
from headrace.compiler.dataflow import walk
from headrace.compiler.print_ir import as_json, print_pipeline, schema
from headrace.compiler.settings import Retries, StepSettings
from ir_nodes import (
    branch,
    call,
    condition,
    const,
    each,
    gather,
    glue,
    item,
    items,
    merge,
    out,
    parameter,
    pipeline,
    span,
)

DIGITS = """\
pipeline digits  (digits:pipeline)  digits.py:1
  doc Train a digit classifier.
  doc
  doc Ship it if it is good enough.
  code sha256:abababababababababababababababababababababababababababababababab  \
digits, helpers.images
  store: s3://acme
  parameter lrs = [0.1, 0.01]   # digits.py:2
  parameter floor   # digits.py:2
  function digits:train(data, lr: float = ...) -> dict   # digits.py:5
    doc Fit a model.
  step ingest = digits:ingest(seed=7) -> out, items items := `result[0]`   # digits.py:10
    image: ghcr.io/acme/digits:1
    cpu: 500m
    env: {A: 1, B: 2}
    retries: {limit: 2}
  map models over ingest.items:   # digits.py:20
    step train = digits:train(data=ingest.out, lr=item(models))   # digits.py:10
      image: ghcr.io/acme/digits:1
    gather out = train.out
  compute is-good -> condition ok := `best > floor | best=models.out, floor=param(floor)`   \
# digits.py:11
    image: ghcr.io/acme/digits:1
  branch ship on is-good.ok after models:   # digits.py:30
    then:
      step deploy = digits:deploy(score=`s + 1 | s=models.out`)   # digits.py:10
        image: ghcr.io/acme/digits:1
    otherwise:
    merge url = deploy.out or else null
  return ship.url
"""


def digits() -> ir.Pipeline:
    settings = StepSettings(
        image="ghcr.io/acme/digits:1",
        cpu="500m",
        env={"B": "2", "A": "1"},
        retries=Retries(limit=2),
    )
    compute = ir.Compute(
        id="is-good",
        outputs=(
            condition("best > floor", "ok", best=gather("models"), floor=ir.Param(name="floor")),
        ),
        settings=StepSettings(image="ghcr.io/acme/digits:1"),
        span=span(11),
    )
    train = ir.Function(
        key="digits:train",
        parameters=(
            ir.FunctionParameter(name="data"),
            ir.FunctionParameter(name="lr", annotation="float", has_default=True),
        ),
        returns="dict",
        doc="Fit a model.",
        span=span(5),
    )
    return pipeline(
        call("ingest", seed=const("7"), outputs=[items("result[0]")], settings=settings),
        each(
            "models",
            out("ingest", "items"),
            call("train", data=out("ingest"), lr=item("models")),
            out=out("train"),
        ),
        compute,
        branch(
            "ship",
            out("is-good", "ok"),
            [call("deploy", score=glue("s + 1", s=gather("models")))],
            [],
            after=("models",),
            url=(out("deploy"), const("null")),
        ),
        result=merge("ship", "url"),
        parameters=[parameter("lrs", "[0.1, 0.01]"), parameter("floor")],
        store="s3://acme",
    ).replace(functions=(train,))


def test_a_pipeline_reads_as_text() -> None:
    assert print_pipeline(digits()) == DIGITS


def test_the_text_does_not_depend_on_the_order_of_a_mapping() -> None:
    one, other = (
        pipeline(call("f", settings=StepSettings(image="i", env=env)))
        for env in ({"A": "1", "B": "2"}, {"B": "2", "A": "1"})
    )
    assert print_pipeline(one) == print_pipeline(other)


FORGED = "x, C: 2}\n  step b = hidden"
ENVIRONMENTS: list[dict[str, str]] = [
    {},
    {"A": ""},
    {"A": '""'},
    {"A": "x", "C": "2"},
    {"A": "x, C: 2"},
    {"A": '"x, C: 2"'},
    {"A": "{B: 1}"},
    {"A": "[1]"},
    {"A": " x"},
    {"A": "x\u2028"},
    {"A": "x\\u2028"},
    {"A": FORGED},
    {"A: B": "1"},
    {"A": "B: 1"},
]


def test_a_setting_passes_for_no_other_and_for_no_line() -> None:
    def printed(settings: StepSettings) -> str:
        return print_pipeline(pipeline(call("f", settings=settings)))

    texts = [printed(StepSettings(image="i", env=env)) for env in ENVIRONMENTS]
    lines = len(texts[0].splitlines())
    assert len(set(texts)) == len(texts)
    assert [len(text.splitlines()) for text in texts[1:]] == [lines + 1] * (len(texts) - 1)
    forged = json.dumps(FORGED)
    assert f"    env: {{A: {forged}}}\n" in texts[ENVIRONMENTS.index({"A": FORGED})]
    assert '    image: "i j"\n' in printed(StepSettings(image="i j"))


@pytest.mark.parametrize("name", PIPELINES)
def test_every_node_and_no_two_pipelines_look_the_same(name: str) -> None:
    text = print_pipeline(PIPELINES[name])
    for node in walk(PIPELINES[name].body):
        kind = "step" if isinstance(node, ir.Call) else node.kind
        assert f"{kind} {node.id}" in text
    assert [n for n, other in PIPELINES.items() if print_pipeline(other) == text] == [name]


def test_the_schema_takes_pipelines_and_nothing_else() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    for made in (digits(), *PIPELINES.values()):
        validator.validate(json.loads(as_json(made)))
    dumped = json.loads(as_json(pipeline()))
    assert not validator.is_valid(dumped | {"bodies": []})
    assert not validator.is_valid(dumped | {"body": {"nodes": [{}]}})
