"""The shim: what a step's process reads, writes, says and ends with."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from headrace.runtime import code, wire
from headrace.runtime.outputs import RESULT_MARK
from processes import DETACHES, all_end, is_alive
from runtime_shapes import HAZARDS

MODULE = (
    """
import os, subprocess, sys, time
from pathlib import Path

import runtime_shapes


def add(a, b=2):
    print("adding")
    return a + b

def echo(value): return value

def only_positional(a, b=2, /, c=3, *, d=4): return [a, b, c, d]

def any_name(**names): return names

def none(): pass

def boom(text):
    def inner():
        raise ValueError(text)
    try:
        {}["missing"]
    except KeyError:
        inner()

def deep(n): return deep(n + 1)

def chained(length):
    error = ValueError("first")
    for number in range(length):
        try:
            raise ValueError(number) from error
        except ValueError as raised:
            error = raised
    raise error

class Unshowable(Exception):
    @property
    def exceptions(self): raise OSError("none of your business")

def unshowable(): raise Unshowable("broken")

def exits(code): sys.exit(code)

def leaves(code=0): os._exit(code)

def leaves_late(code, fails=False):
    import atexit
    atexit.register(os._exit, code)
    if fails: raise ValueError("first")

def mutate(rows, other=None):
    rows.append(1)
    return len(rows)

def rewrites(data: Path):
    data.write_text("changed")

def generator(): yield 1

async def coroutine(): return 1

def write_file(text) -> Path:
    Path("out").mkdir()
    path = Path("out/result.txt")
    path.write_text(text)
    return path

def read_file(path: Path, also: Path) -> str:
    assert path != also and path.parent != Path.cwd()
    return path.name + ":" + path.read_text()

def colour(value): return [runtime_shapes.Colour.RED is value, runtime_shapes.Point(1, 2.0)]

def sleeps(seconds):
    Path("started").write_text(str(os.getpid()))
    if os.fork() == 0:
        Path("child").write_text(str(os.getpid()))
        time.sleep(seconds)
        os._exit(0)
    time.sleep(seconds)

def shares():
    program = "sleep 0.1; echo -n done > tidied"
    subprocess.Popen(["sh", "-c", program], start_new_session=True)

def in_c():
    Path("started").write_text(str(os.getpid()))
    return 7 ** 99_999_999

def lock():
    import threading
    return threading.Lock()

def big(n): return "x" * n

def breaks_off(): os.kill(os.getpid(), 9)

class Steps:
    @staticmethod
    def inner(x): return x + 1

import functools

def wrapped(function):
    @functools.wraps(function)
    def call(*args, **kwargs): return function(*args, **kwargs)
    return call

@wrapped
def decorated(a, /, b=5): return [a, b]
"""
    + DETACHES
)

STORED = '{"!": "stored", "digest": "sha256:%s", "size": 1}'.replace("%s", "0" * 64)


class Shim:
    """Runs the shim in a folder that holds the module `flow`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "flow.py").write_text(MODULE)
        self.termination = folder / "termination-log"
        self.termination.write_text("")

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        shapes = str(Path(__file__).resolve().parent.parent)
        log = {"HEADRACE_TERMINATION_LOG": str(self.termination), "PYTHONPATH": shapes}
        return {**os.environ, **log, **more}

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "headrace.runtime.step", *arguments],
            cwd=self.folder,
            env=self.environment(more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **more: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **more)
        out, error = process.communicate(timeout=60)
        return process.returncode, out, error

    def result(self, *arguments: str, **more: str) -> str:
        """Return the text of the output of a step that succeeds."""
        code, _, error = self.run("--output=out=made/out", *arguments, **more)
        assert (code, error) == (0, "")
        return (self.folder / "made" / "out").read_text("ascii")

    def failure(self, *arguments: str, **more: str) -> tuple[int, str]:
        """Return the exit code and standard error of a step that fails, and leaves nothing."""
        code, _, error = self.run("--output=out=made/out", *arguments, **more)
        assert not (self.folder / "made").exists() or not list((self.folder / "made").iterdir())
        assert self.termination.read_text() == error.rstrip("\n").rpartition("\n")[2]
        assert "headrace/runtime" not in error.replace("headrace-step", "")
        return code, error


@pytest.fixture
def shim(tmp_path: Path) -> Shim:
    return Shim(tmp_path)


# --- what goes in and out ------------------------------------------------------------------------


def test_a_step_writes_its_result_and_prints_what_it_printed(shim: Shim) -> None:
    code, out, error = shim.run("--step=add", "--output=out=made/out", "flow:add", "--a=1")
    assert (code, out, error) == (0, "adding\n", "")
    assert (shim.folder / "made" / "out").read_bytes() == b"=3"
    assert os.listdir(shim.folder / "made") == ["out"]
    assert shim.termination.read_text() == ""


def test_a_result_of_the_pipeline_stands_in_the_log(shim: Shim) -> None:
    told = ["--step=add", "--result=out", "--output=out=made/out"]
    code, out, error = shim.run(*told, "flow:echo", f"--value={json.dumps(HAZARDS)}")
    before, mark, text = out.rpartition(RESULT_MARK)
    assert (code, before, mark, error) == (0, "", RESULT_MARK, "")
    assert text.removesuffix("\n") == (shim.folder / "made" / "out").read_text()
    code, out, error = shim.run(*told, "flow:boom", '--text="x"')
    assert (code, out) == (1, "")
    code, out, error = shim.run("--result=other", *told[2:], "flow:add", "--a=1")
    assert code == 64
    assert "--result names 'other', which is no output" in error


def test_every_hazard_arrives_and_leaves_exactly(shim: Shim) -> None:
    for value in (list(HAZARDS), dict.fromkeys(HAZARDS, 1)):
        written = wire.encode(value)
        text = shim.result("flow:echo", f"--value={wire.mark(written)}")
        assert text == wire.mark(written)
        assert wire.decode(text) == value


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["flow:only_positional", "--a=1"], "=[1, 2, 3, 4]"),
        (["flow:only_positional", "--d=0", "--c=0", "--b=0", "--a=0.0"], "=[0.0, 0, 0, 0]"),
        (["flow:any_name", "--x=1"], '={"x": 1}'),
        (["flow:none"], "=null"),
        (["flow:Steps.inner", "--x=1"], "=2"),
        (["flow:decorated", "--a=1"], "=[1, 5]"),
        (["flow:decorated", "--b=1", "--a=2"], "=[2, 1]"),
        (["--let=x==[1, 2]", "flow:add", "--a:=len(x)", "--b=-0.5"], "=1.5"),
        (["--let=x=1", "--let=y:=x + 1", "flow:echo", "--value:=[x, str(y)]"], '=[1, "2"]'),
        (["flow:echo", '--value=*["=1", "*[]", "=\\"a\\""]'], '=[1, [], "a"]'),
        (["flow:echo", "--value=3"], "=3"),
        (["flow:echo", "--value=3.0"], "=3.0"),
        (["flow:echo", "--value=-0.0"], "=-0.0"),
        (["flow:echo", "--value=98765432109876543210"], "=98765432109876543210"),
        (["flow:echo", "--value=  "], None),
        (["--value=out:=result * 2", "flow:echo", "--value=NaN"], "=NaN"),
        (["--let=x=[3]", "--value=out:=(x[0], 1)", "compute"], '={"!": "tuple", "of": [3, 1]}'),
    ],
)  # fmt: skip
def test_arguments_and_expressions(shim: Shim, arguments: list[str], text: str | None) -> None:
    if text is None:
        assert shim.failure(*arguments)[0] == 65
    else:
        assert shim.result(*arguments) == text


def test_the_classes_of_the_user_are_themselves_in_the_step(shim: Shim) -> None:
    red = '{"!": "enum", "class": "runtime_shapes:Colour", "name": "RED", "value": "red"}'
    text = shim.result("flow:colour", f"--value={red}")
    assert wire.plain(text) == [True, [1, 2.0]]


def test_conditions_and_items_are_what_engines_read(shim: Shim) -> None:
    arguments = (
        *("--condition=yes:=result > 2", "--condition=no:=[]", "--items=each:=[result, 'a{{$']"),
        *("--items=none:=[]", "--items=keys:=dict(b=1, a=2)", "--value=twice:=result * 2"),
    )
    names = ("yes", "no", "each", "none", "keys", "twice", "out")
    outputs = [f"--output={name}={shim.folder / 'made' / name}" for name in names]
    code, _, error = shim.run(*arguments, *outputs, "flow:add", "--a=1")
    assert (code, error) == (0, "")
    texts = {name: (shim.folder / "made" / name).read_text() for name in names}
    assert texts["yes"] == "true"
    assert texts["no"] == "false"
    assert json.loads(texts["each"]) == ["=3", '="a\\u007b\\u007b\\u0024"']
    assert "{" not in texts["each"]
    assert texts["none"] == "[]"
    assert json.loads(texts["keys"]) == ['="b"', '="a"']
    assert texts["twice"] == "=6"
    assert texts["out"] == "=3"


def test_all_outputs_in_one_file_for_engines_that_read_one(shim: Shim) -> None:
    xcom = shim.folder / "xcom" / "return.json"
    arguments = ("--declare=out", "--condition=ok:=True", "--items=each:=result", f"--xcom={xcom}")
    code, _, error = shim.run(*arguments, "flow:echo", '--value=["{{", 1]')
    assert (code, error) == (0, "")
    text = xcom.read_text()
    assert "{{" not in text
    assert json.loads(text) == {
        "out": '=["\\u007b\\u007b", 1]',
        "ok": "true",
        "each": '["=\\"\\\\u007b\\\\u007b\\"", "=1"]',
    }


def test_the_arguments_may_be_in_a_file(shim: Shim) -> None:
    value = "x" * 90_000
    (shim.folder / "arguments.json").write_text(json.dumps(["flow:echo", f'--value="{value}"']))
    assert shim.result("@arguments.json") == f'="{value}"'


def test_files_and_long_values_travel_through_the_store(shim: Shim) -> None:
    (shim.folder / "temporary").mkdir()
    temporary = {"TMPDIR": str(shim.folder / "temporary")}
    store = {"HEADRACE_STORE": f"file://{shim.folder}/store", **temporary}
    file = shim.result("flow:write_file", '--text="{{x}}\\r\\n"', **store)
    assert json.loads(file[1:])["name"] == "result.txt"
    text = shim.result("flow:read_file", f"--path={file}", f"--also={file}", **store)
    assert wire.decode(text) == "result.txt:{{x}}\n"  # read_text translates the end of the line
    long = shim.result("flow:big", "--n=5000", **store)
    assert len(long) < 200
    assert shim.result("--let=x=" + long, "flow:add", "--a:=len(x)", **store) == "=5002"
    assert os.listdir(shim.folder / "temporary") == []


def test_what_only_passes_through_an_expression_is_not_read(shim: Shim) -> None:
    absent = '{"!": "artifact", "codec": "pickle", "name": "x", "digest": "sha256:0", "size": 1}'
    lets = (f"--let=a={absent}", f"--let=b=[1, {absent}]")
    pick = "(a, b[0], [x for x in b if x is not None], a if b else None)"
    text = shim.result(*lets, f"--value=out:={pick}", "compute")
    fields = json.loads(absent)
    assert json.loads(text[1:])["of"] == [fields, 1, [1, fields], fields]
    (shim.folder / "made" / "out").unlink()
    for read in ("a.name", "a == 1", "sorted(b)", "str(a)", "len(a)", "{a}", "[1 for x in a]"):
        assert shim.failure(*lets, f"--value=out:={read}", "compute")[0] == 64
    assert shim.failure(*lets, "flow:echo", "--value:=b[1]")[0] == 64
    assert shim.result(*lets, "flow:echo", "--value:=b[0]") == "=1"


def test_what_an_expression_reads_is_fetched(shim: Shim) -> None:
    store = {"HEADRACE_STORE": "store"}
    file = shim.result("flow:write_file", '--text="a"', **store)
    lets = (f"--let=f={file}", f"--let=g=*[{json.dumps(file)}]")
    text = shim.result(*lets, "--value=out:=[f.name, g[0].name, g[0]]", "compute", **store)
    assert wire.plain(text)[:2] == ["result.txt"] * 2
    assert json.loads(text[1:])[2] == json.loads(file[1:])
    text = shim.result(*lets, "flow:read_file", "--path:=g[0]", "--also:=f", **store)
    assert text == '="result.txt:a"'


def test_what_becomes_one_of_many_in_a_list_is_short(shim: Shim) -> None:
    store = {"HEADRACE_STORE": "store"}
    long, short = ("flow:big", "--n=200"), ("flow:big", "--n=100")
    assert len(shim.result(*long, **store)) == 203
    assert len(shim.result("--gathered=out", *long, **store)) <= 128
    assert len(shim.result("--gathered=out", *short, **store)) == 103
    assert len(shim.result("--gathered=other", *long, **store)) == 203
    assert len(shim.result("--gathered=out", *long)) == 203
    items = "--items=out:=['x' * 3000 for _ in result]"
    listed = json.loads(shim.result(items, "flow:echo", f"--value={[1] * 30}", **store))
    assert {len(text) for text in listed} == {3003}
    listed = json.loads(shim.result(items, "flow:echo", f"--value={[1] * 60}", **store))
    assert len(listed) == 60
    assert max(map(len, listed)) <= 128
    shutil.rmtree(shim.folder / "made")
    code, error = shim.failure(items, "flow:echo", f"--value={[1] * 60}")
    assert code == 65
    assert "an engine takes 100000: pass shorter elements, such as numbers, or set `store`" in error


def test_long_values_without_a_store(shim: Shim) -> None:
    assert len(shim.result("flow:big", "--n=90000")) == 90_003
    (shim.folder / "made" / "out").unlink()
    code, error = shim.failure("flow:big", "--n=100000")
    assert code == 65
    assert "the output 'out' has 100002 bytes" in error


def test_where_no_engine_stands_between_the_steps_texts_have_any_length(shim: Shim) -> None:
    free, store = "--unlimited", {"HEADRACE_STORE": "store"}
    assert len(shim.result(free, "flow:big", "--n=200000")) == 200_003
    assert len(shim.result(free, "--gathered=out", "flow:big", "--n=200", **store)) == 203
    assert len(shim.result(free, "--gathered=out", "flow:big", "--n=5000", **store)) < 200
    for where in ({}, store):
        items = ("--items=out:=['x' * 3000 for _ in result]", "flow:echo", f"--value={[1] * 60}")
        listed = json.loads(shim.result(free, *items, **where))
        assert [len(text) for text in listed] == [3003] * 60
    shutil.rmtree(shim.folder / "made")
    assert shim.failure("--unlimited=1", "flow:none")[0] == 64


# --- what goes wrong -----------------------------------------------------------------------------


def test_the_traceback_shows_the_frames_of_the_user_only(shim: Shim) -> None:
    code, error = shim.failure("--step=train", "flow:boom", '--text="no {{luck}}"')
    assert code == 1
    assert error.count('flow.py", line') == 3
    assert error.count("Traceback") == 2
    assert "KeyError: 'missing'" in error
    assert error.endswith("\nValueError: no {{luck}}\n")


@pytest.mark.parametrize(
    ("arguments", "last"),
    [
        (["flow:deep", "--n=0"], "RecursionError: maximum recursion depth exceeded"),
        (["flow:chained", "--length=3000"], "ValueError: 2999"),
        (["flow:unshowable"], "flow.Unshowable: broken"),
    ],
)
def test_an_exception_of_any_length_is_told(shim: Shim, arguments: list[str], last: str) -> None:
    code, error = shim.failure(*arguments)
    assert code == 1
    assert error.endswith(f"{last}\n")
    caught = ("--catch=here=Exception", "--value=out:=caught[0]", "--output=out=out")
    code, _, error = shim.run(*caught, *arguments)
    assert (code, (shim.folder / "out").read_text()) == (0, '="here"')
    assert error.endswith(f": the pipeline handles {last}\n")


@pytest.mark.parametrize(
    ("code", "arguments", "part"),
    [
        (1, ["flow:exits", "--code=0"], "exits ended the program (sys.exit(0)) instead of"),
        (1, ["flow:exits", '--code="bye"'], "(sys.exit('bye'))"),
        (1, ["flow:leaves"], "ended without returning"),
        (1, ["flow:leaves", "--code=64"], "the step ended with exit code 64 without returning ("),
        (1, ["--step=grow", "flow:mutate", "--rows=[]"], "step grow: flow:mutate changed its argu"),
        (1, ["flow:echo", "--value:=[1][2]"], "IndexError: list index out of range"),
        (1, ["--condition=c:=result > 1", "--output=c=c", "flow:echo", '--value="a"'], "TypeError"),
        (1, ["--items=c:=result", "--output=c=c", "flow:echo", "--value=1"], "not iterable"),
        (64, ["flow:generator"], "is a generator"),
        (64, ["flow:coroutine"], "is async"),
        (64, ["flow:nothing"], "has no nothing"),
        (64, ["flow:MODULE_PATH"], "has no MODULE_PATH"),
        (64, ["absent:f"], "no module 'absent' here"),
        (64, ["flow.sub:f"], "no module 'flow.sub' here"),
        (64, ["flow:add"], "needs 'a', which the manifest does not give"),
        (64, ["flow:add", "--a=1", "--c=1"], "takes no 'c'"),
        (64, ["flow:add", "--a=1", "--a=1"], "given twice"),
        (64, ["flow:add", "-a=1"], "cannot read '-a=1'"),
        (64, ["flow:decorated", "--c=1", "--a=1"], "takes no 'c'"),
        (64, ["flow:echo", "--value:=open('x')"], "name 'open' is not defined"),
        (64, ["flow:echo", "--value:=().__class__"], "reads __class__"),
        (64, ["flow:echo", "--value:=1 +"], "cannot read the expression"),
        (64, ["flow:echo", "--value:=a"], "name 'a' is not defined"),
        (64, ["flow"], "is not MODULE:FUNCTION"),
        (64, ["--lets=x=1", "flow:none"], "unknown option --lets"),
        (64, ["--value=x:=1", "flow:none"], "no --output says where to write x"),
        (64, ["compute"], "no expression gives the output out"),
        (64, ["--xcom=x", "flow:none"], "do not go together"),
        (64, ["@absent"], "cannot read the arguments in absent"),
        (64, ["--store=ftp://x", "flow:none"], "cannot use a store of the kind ftp://"),
        (64, ["--store=s3://", "flow:none"], "the store s3:// names no bucket"),
        (64, ["flow:write_file", '--text=""'], "needs a store"),
        (65, ["--store=s", "flow:lock"], "cannot pass a value of type _thread.lock to another"),
        (65, ["flow:echo", "--value="], "the value of 'value': a value is empty"),
        (65, ["flow:echo", "--value=abc"], "'abc' is not JSON"),
        (65, ["--store=s", "flow:echo", f"--value={STORED}"], "has no object sha256:000"),
    ],
)  # fmt: skip
def test_each_failure_has_its_code_and_one_clear_line(
    shim: Shim, code: int, arguments: list[str], part: str
) -> None:
    got, error = shim.failure(*arguments)
    assert (got, part in error) == (code, True), error
    if code != 1:
        assert error.startswith("headrace: ")
        assert error.count("\n") == 1


def test_what_ends_the_process_after_the_step_is_no_success(shim: Shim) -> None:
    code, _, error = shim.run("flow:leaves_late", "--code=65")
    assert code == 1
    assert error == "headrace: the step ended with exit code 65 after it had returned (os._exit?)\n"
    assert shim.termination.read_text() == error.strip()
    code, error = shim.failure("flow:leaves_late", "--code=0", "--fails=true")
    assert code == 1
    assert error.endswith("ValueError: first\n")


def test_a_file_that_is_changed_in_place_is_named(shim: Shim) -> None:
    store = {"HEADRACE_STORE": "store"}
    file = shim.result("flow:write_file", '--text="a"', **store)
    (shim.folder / "made" / "out").unlink()
    code, error = shim.failure("flow:rewrites", f"--data={file}", **store)
    assert code == 1
    assert "changed its argument 'data' in place" in error


def test_a_missing_dependency_is_named(shim: Shim) -> None:
    (shim.folder / "needy.py").write_text("import no_such_package.deep\n\ndef f(): pass\n")
    code, error = shim.failure("needy:f")
    assert code == 1
    assert "needs the module 'no_such_package', which is not installed here" in error
    assert error.count("File ") == 1


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("raise RuntimeError('at import')", "RuntimeError: at import"),
        ("import sys; sys.exit(0)", "ended the program (sys.exit)"),
        ("def f(:", "SyntaxError"),
        ("import os; os._exit(0)", "ended without returning"),
        ("import os; os._exit(64)", "ended with exit code 64 without returning (os._exit?)"),
    ],
)
def test_a_module_that_fails_when_imported(shim: Shim, body: str, part: str) -> None:
    (shim.folder / "broken.py").write_text(body + "\n")
    code, error = shim.failure("broken:f")
    assert code == 1
    assert part in error


def test_other_code_than_the_manifest_was_compiled_from_is_refused(shim: Shim) -> None:
    file = shim.folder / "flow.py"
    digest = code.digest({"flow": file.read_bytes()})
    given = {"HEADRACE_CODE": digest, "HEADRACE_MODULES": "flow"}
    assert shim.result("flow:none", **given) == "=null"
    assert shim.result(f"--code={digest}", "--modules=flow", "flow:none") == "=null"
    (shim.folder / "made" / "out").unlink()
    file.write_text(MODULE + "# a comment\nopen('ran', 'w')\n")
    exit_code, error = shim.failure("flow:none", **given)
    assert exit_code == 65
    assert digest in error
    assert str(file) in error
    exit_code, error = shim.failure("flow:none", HEADRACE_CODE=digest, HEADRACE_MODULES="flow,a.b")
    assert exit_code == 64
    assert "lacks the module a.b" in error
    assert not (shim.folder / "ran").exists()


def test_outputs_are_all_there_or_none_is(shim: Shim) -> None:
    code, _, error = shim.run(
        *("--output=out=made/out", "--items=each:=[1, open]", "--output=each=made/each"),
        *("flow:add", "--a=1"),
    )
    assert code == 64
    assert "'open' is not defined" in error
    assert not (shim.folder / "made").exists()


def test_an_output_that_cannot_be_written(shim: Shim) -> None:
    (shim.folder / "file").write_text("")
    code, _, error = shim.run("--output=out=file/out", "flow:none")
    assert code == 64
    assert "cannot write the output" in error
    assert os.listdir(shim.folder).count("file") == 1


def test_an_output_goes_through_what_is_no_file(shim: Shim) -> None:
    pipe, link, full = (shim.folder / name for name in ("pipe", "link", "full"))
    os.mkfifo(pipe)
    link.symlink_to("target")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    outputs = (f"--output=a={pipe}", f"--output=b={link}", f"--output=c={shim.folder}")
    try:
        assert shim.run(*outputs[:2], "flow:none") == (0, "", "")
        assert os.read(reader, 100) == b"=null"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert (shim.folder / "target").read_text() == "=null"
    assert shim.run(outputs[2], "flow:none")[0] == 64
    # A link to the device, so that a shim which replaces it replaces only the link.
    full.symlink_to("/dev/full")
    code, _, error = shim.run(f"--output=a={full}", "flow:none")
    assert code == 75
    assert error.endswith("full: No space left on device\n")
    assert full.is_symlink()


# --- signals -------------------------------------------------------------------------------------


def wait_for(path: Path) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")


@pytest.mark.parametrize("arguments", [["flow:sleeps", "--seconds=60"], ["flow:in_c"]], ids=len)
def test_sigterm_is_obeyed_at_once_and_by_all(shim: Shim, arguments: list[str]) -> None:
    process = shim.start("--output=out=made/out", *arguments)
    inner = [wait_for(shim.folder / "started")]
    if "flow:sleeps" in arguments:
        inner.append(wait_for(shim.folder / "child"))
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 143
    assert time.monotonic() - started < 1
    told = "headrace: the step was ended by SIGTERM"
    assert error.splitlines()[-1] == told == shim.termination.read_text()
    assert all_end(inner)
    assert not (shim.folder / "made").exists()


@pytest.mark.parametrize("seconds", [0, 60])
def test_nothing_outlives_the_step(shim: Shim, seconds: int) -> None:
    process = shim.start("--output=out=made/out", "flow:detaches", f"--seconds={seconds}")
    inner = [wait_for(shim.folder / name) for name in ("started", "child", "orphan")]
    if seconds:
        assert all(map(is_alive, inner))
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == (143 if seconds else 0)
    assert all_end(inner)


def test_what_tidies_up_after_the_step_may_do_so(shim: Shim) -> None:
    assert shim.result("flow:shares") == "=null"
    assert (shim.folder / "tidied").read_text() == "done"


def test_what_was_there_before_the_step_is_left_alone(shim: Shim) -> None:
    python = f"{sys.executable} -m headrace.runtime.step flow:none"
    command = ["sh", "-c", f"sleep 60 & echo $! > before; exec {python}"]
    subprocess.run(command, cwd=shim.folder, env=shim.environment({}), check=True)
    before = wait_for(shim.folder / "before")
    assert is_alive(before)
    os.kill(before, signal.SIGKILL)


def test_as_process_1_it_obeys_too(shim: Shim) -> None:
    unshare = ["unshare", "--pid", "--fork", "--kill-child=SIGKILL"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no process namespace")
    command = [*unshare, sys.executable, "-m", "headrace.runtime.step", "flow:in_c"]
    process = subprocess.Popen(command, cwd=shim.folder, env=shim.environment({}))
    wait_for(shim.folder / "started")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGTERM)
    assert process.wait(timeout=10) == 143


def test_a_step_that_the_system_kills_says_so(shim: Shim) -> None:
    code, error = shim.failure("flow:breaks_off")
    assert code == 137
    assert "ended by SIGKILL: perhaps the step needs more memory" in error


def test_help(shim: Shim) -> None:
    code, out, _ = shim.run("--help")
    assert code == 0
    assert out.startswith("usage: headrace-step")
