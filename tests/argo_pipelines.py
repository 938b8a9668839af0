"""Pipelines in the IR, by hand: one for each way in which nodes of the language combine."""

from headrace.compiler import ir
from headrace.compiler.settings import EmptyDir, Retries, Schedule, StepSettings, Toleration, Volume
from ir_nodes import (
    SETTINGS,
    branch,
    call,
    condition,
    const,
    each,
    gather,
    glue,
    guard,
    item,
    items,
    merge,
    out,
    parameter,
    pipeline,
    span,
)


def chain() -> ir.Pipeline:
    return pipeline(
        call("ingest", seed=const("7"), line=10),
        call("train", data=out("ingest"), lr=ir.Param(name="lr"), line=11),
        call("evaluate", model=out("train"), scale=glue("lr * 2", lr=ir.Param(name="lr")), line=12),
        result=out("evaluate"),
        parameters=[parameter("lr", "0.1"), parameter("unused")],
    )


def shared_steps() -> ir.Pipeline:
    """Two calls share a template; a third has other settings; a fourth is another function."""
    return pipeline(
        call("train", id="train-small", size=const("1"), line=10),
        call("train", id="train-large", size=const("9"), line=11),
        call("load", id="load-a", path=const('"a"'), line=12),
        call(
            "load",
            id="load-b",
            path=const('"a"'),
            settings=StepSettings(image="ghcr.io/acme/other:2"),
            line=13,
        ),
        result=out("load-b"),
    )


def constant_map() -> ir.Pipeline:
    return pipeline(
        call("ingest"),
        each(
            "models",
            const('[0.1, "{a}", [1, 2]]'),
            call("train", data=out("ingest"), lr=item("models")),
            models=out("train"),
        ),
        call("pick", models=gather("models", "models")),
        result=out("pick"),
    )


def empty_map() -> ir.Pipeline:
    return pipeline(
        each("models", const("[]"), call("train", lr=item("models")), out=out("train")),
        result=gather("models"),
    )


def items_map() -> ir.Pipeline:
    """A body of several steps, which reads a parameter and a step outside, gathered four ways."""
    return pipeline(
        call("ingest", outputs=[items("result[0]")]),
        each(
            "fold",
            out("ingest", "items"),
            call("train", data=item("fold"), lr=ir.Param(name="lr")),
            call("evaluate", model=out("train"), data=out("ingest")),
            scores=out("evaluate"),
            folds=item("fold"),
            rates=ir.Param(name="lr"),
            ones=const('"it\'s \\\\u007b"'),
        ),
        call("pick", scores=gather("fold", "scores"), folds=gather("fold", "folds")),
        result=gather("fold", "rates"),
        parameters=[parameter("lr")],
    )


def nested_map() -> ir.Pipeline:
    return pipeline(
        call("ingest", outputs=[items("result")]),
        each(
            "outer",
            out("ingest", "items"),
            call("split", data=item("outer"), outputs=[items("result")]),
            each(
                "inner",
                out("split", "items"),
                call("train", row=item("outer"), cell=item("inner"), lr=ir.Param(name="lr")),
                out=out("train"),
            ),
            out=gather("inner"),
        ),
        call("total", table=gather("outer")),
        result=gather("outer"),
        parameters=[parameter("lr", "1")],
    )


def directly_nested_map() -> ir.Pipeline:
    inner = each(
        "inner", const("[1, 2]"), call("train", a=item("outer"), b=item("inner")), y=out("train")
    )
    return pipeline(each("outer", const("[3, 4]"), inner, x=gather("inner", "y")))


def branches() -> ir.Pipeline:
    """An arm of one step, an arm of several, and values that no arm makes."""
    return pipeline(
        call("evaluate", outputs=[condition("result > floor", floor=ir.Param(name="floor"))]),
        branch(
            "ship",
            out("evaluate", "condition"),
            [call("deploy", score=out("evaluate"))],
            [call("inspect", score=out("evaluate")), call("alert", report=out("inspect"))],
            url=(out("deploy"), const("null")),
            note=(const('"fine"'), out("alert")),
            score=(out("evaluate"), ir.Param(name="floor")),
        ),
        call("announce", url=merge("ship", "url"), note=merge("ship", "note")),
        result=merge("ship", "score"),
        parameters=[parameter("floor", "0.9")],
    )


def one_armed_branches() -> ir.Pipeline:
    test = out("evaluate", "condition")
    return pipeline(
        call("evaluate", outputs=[condition("result > 0")]),
        branch("first", test, [call("deploy")], [], url=(out("deploy"), const("null"))),
        branch("second", test, [], [call("alert")], url=(const("null"), out("alert"))),
        branch("third", test, [], [], url=(out("evaluate"), const("0"))),
        branch("fourth", test, [call("log")], []),
        call(
            "end",
            a=merge("first", "url"),
            b=merge("second", "url"),
            c=merge("third", "url"),
            after=("fourth",),
        ),
    )


def branch_in_map() -> ir.Pipeline:
    return pipeline(
        call("ingest", outputs=[items("result")]),
        each(
            "rows",
            out("ingest", "items"),
            call("look", row=item("rows"), outputs=[condition("result")]),
            branch(
                "good",
                out("look", "condition"),
                [call("keep", row=item("rows"), whole=out("ingest"))],
                [],
                kept=(out("keep"), item("rows")),
            ),
            kept=merge("good", "kept"),
        ),
        result=gather("rows", "kept"),
    )


def map_in_branch() -> ir.Pipeline:
    return pipeline(
        call("ingest", outputs=[items("result"), condition("len(result) > 1")]),
        branch(
            "many",
            out("ingest", "condition"),
            [each("work", out("ingest", "items"), call("train", x=item("work")), y=out("train"))],
            [call("single", whole=out("ingest"))],
            models=(gather("work", "y"), out("single")),
        ),
        result=merge("many", "models"),
    )


def guards() -> ir.Pipeline:
    """A guard of several steps, one of one step, and one in a map and in a branch."""
    return pipeline(
        call("load", outputs=[items("result"), condition("result")]),
        guard(
            "try-train",
            [call("train", x=out("load")), call("test", model=out("train"))],
            [call("free", x=out("load")), call("log", after=("free",))],
            model=out("train"),
            score=out("test"),
        ),
        guard("try-send", [call("send", x=merge("try-train", "score"))], [call("close")]),
        each(
            "parts",
            out("load", "items"),
            guard("try-part", [call("part", x=item("parts"))], [call("drop")], y=out("part")),
            y=merge("try-part", "y"),
        ),
        branch(
            "good",
            out("load", "condition"),
            [guard("try-ship", [call("ship")], [call("tidy")], url=out("ship"))],
            [],
            url=(merge("try-ship", "url"), const("null")),
        ),
        call("end", a=merge("good", "url"), b=gather("parts", "y"), after=("try-send",)),
        result=merge("try-train", "model"),
    )


def guarded_nested_map() -> ir.Pipeline:
    return pipeline(
        call("load", outputs=[items("result")]),
        each(
            "rows",
            out("load", "items"),
            guard(
                "try-row",
                [
                    call("cells", row=item("rows"), outputs=[items("result")]),
                    each(
                        "inner", out("cells", "items"), call("look", x=item("inner")), y=out("look")
                    ),
                ],
                [call("free", x=item("rows"))],
                ys=gather("inner", "y"),
            ),
            ys=merge("try-row", "ys"),
        ),
        result=gather("rows", "ys"),
    )


def effects() -> ir.Pipeline:
    return pipeline(
        call("clean"),
        call("ingest", after=("clean",), outputs=[condition("result"), items("result")]),
        each("pages", out("ingest", "items"), call("send", page=item("pages")), after=("clean",)),
        branch("good", out("ingest", "condition"), [call("praise")], [call("blame")], ("pages",)),
        call("close", after=("pages", "good")),
    )


def unread_maps() -> ir.Pipeline:
    """A loop of several steps that gathers nothing, and one without a step."""
    return pipeline(
        each("pages", const("[1, 2]"), call("send", page=item("pages")), call("log")),
        each("echo", const("[1, 2]"), same=item("echo"), two=const("2")),
        result=gather("echo", "same"),
    )


def shared_glue() -> ir.Pipeline:
    """Names of glue that stand in several expressions, and that are names of parameters too."""
    left, lr = out("load"), ir.Param(name="lr")
    return pipeline(
        call("load"),
        call(
            "train",
            lr=left,
            data=glue("data[lr]", data=left, lr=lr),
            size=glue("len(data)", data=left),
            outputs=[
                condition("result > lr", lr=lr),
                ir.OutputSpec(name="top", expression=glue("result[lr]", lr=lr)),
            ],
        ),
        result=out("train", "top"),
        parameters=[parameter("lr")],
    )


def computed() -> ir.Pipeline:
    node = ir.Compute(
        id="decide",
        outputs=(
            condition("a > b", a=out("left"), b=out("right")),
            ir.OutputSpec(name="sum", expression=glue("a + b", a=out("left"), b=out("right"))),
        ),
        settings=SETTINGS,
        span=span(14),
    )
    return pipeline(
        call("left"),
        call("right"),
        node,
        branch("pick", out("decide", "condition"), [call("win", total=out("decide", "sum"))], []),
        result=out("decide", "sum"),
    )


def configured() -> ir.Pipeline:
    settings = StepSettings(
        image="ghcr.io/acme/digits@sha256:" + "cd" * 32,
        cpu="500m",
        memory="2Gi",
        resources={"nvidia.com/gpu": "1"},
        env={"PRICE": "$5 $(HOME)"},
        retries=Retries(limit=3, delay=30, factor=2, max_delay=600),
        timeout=3600,
        node_selector={"pool": "gpu"},
        tolerations=(Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule"),),
        volumes={"/fast": Volume(host_path="/mnt/disks")},
        service_account="trainer",
        priority_class="nightly",
        scheduler="volcano",
    )
    return pipeline(
        call("train", settings=settings),
        result=out("train"),
        name="nightly",
        store="s3://acme-ml/digits",
        schedule=Schedule(cron="0 3 * * *", timezone="Europe/Berlin", overlap="replace"),
    )


def settled() -> ir.Pipeline:
    """A step whose pod has everything that all targets can carry."""
    settings = StepSettings(
        image="ghcr.io/acme/digits:1",
        cpu="2",
        env={"PRICE": "$5"},
        secrets={"TOKEN": "hf/token"},
        config_maps={"LEVEL": "app/log.level"},
        volumes={
            "/data": Volume(pvc="datasets", sub_path="mnist"),
            "/scratch": Volume(empty_dir=EmptyDir(size_limit="10Gi")),
            "/dev/shm": Volume(empty_dir=EmptyDir(medium="Memory")),
            "/etc/app": Volume(config_map="app-files"),
            "/etc/tls": Volume(secret="tls"),
        },
        labels={"team": "vision"},
        annotations={"acme.example/owner": 'a "b" {c}, ä'},
        queue="team-queue",
        pod={
            "imagePullSecrets": [{"name": "registry"}],
            "containers": [
                {
                    "name": "main",
                    "imagePullPolicy": "Always",
                    "resources": {"requests": {"cpu": "500m"}},
                    "env": [
                        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
                    ],
                }
            ],
        },
    )
    return pipeline(call("train", settings=settings), result=out("train"))


def empty() -> ir.Pipeline:
    return pipeline(result=const('["{", 1.0]'))


def parameter_result() -> ir.Pipeline:
    return pipeline(call("log"), result=ir.Param(name="let"), parameters=[parameter("let", "1")])


PIPELINES = {
    make.__name__: make()
    for make in (
        *(chain, shared_steps, constant_map, empty_map, items_map, nested_map),
        *(
            directly_nested_map,
            guards,
            guarded_nested_map,
            branches,
            one_armed_branches,
            branch_in_map,
            map_in_branch,
        ),
        *(
            effects,
            unread_maps,
            shared_glue,
            computed,
            configured,
            settled,
            empty,
            parameter_result,
        ),
    )
}
