"""What is suggested for a name that is not known."""

import builtins
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.compiler.codes import CODES
from headrace.compiler.suggestions import did_you_mean, near

VARIABLES = ["models", "model", "scores", "train_set", "test_set", "lr", "lrs", "x", "y"]
BUILTINS = ["all", "any", "dict", "enumerate", "int", "len", "max", "min", "sorted", "str", "sum"]
FIELDS = ["accuracy", "confusion", "precision", "path"]
KEYS = ["accelerator", "cpu", "image", "labels", "memory", "node_selector", "retries", "secrets"]
TARGETS = ["airflow", "argo", "kubeflow"]
ZONES = ["America/New_York", "Europe/Berlin", "Europe/Dublin"]


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        # a slip of the pen: two neighbours swapped, one too many, one missing, one wrong
        ("modles", VARIABLES, ["models"]),
        ("scoress", VARIABLES, ["scores"]),
        ("tain_set", VARIABLES, ["train_set"]),
        ("acuracy", FIELDS, ["accuracy"]),
        ("precisoin", FIELDS, ["precision"]),
        ("lenght", BUILTINS, ["len"]),
        ("argoo", TARGETS, ["argo"]),
        ("kubflow", TARGETS, ["kubeflow"]),
        ("memroy", KEYS, ["memory"]),
        # case and separators
        ("Train_Set", VARIABLES, ["train_set"]),
        ("trainSet", VARIABLES, ["train_set"]),
        ("node-selector", KEYS, ["node_selector"]),
        ("Airflow", TARGETS, ["airflow"]),
        # words
        ("set_train", VARIABLES, ["train_set"]),
        ("selector", KEYS, ["node_selector"]),
        ("Berlin", ZONES, ["Europe/Berlin"]),
        ("New York", ZONES, ["America/New_York"]),
        ("model_path", FIELDS, []),
        # the beginning
        ("mem", KEYS, ["memory"]),
        ("accel", KEYS, ["accelerator"]),
        ("retry", KEYS, ["retries"]),
        # several that are equally near, and no more than three
        ("model_", VARIABLES, ["model"]),
        ("lr2", VARIABLES, ["lr", "lrs"]),
        ("HR20", CODES, ["HR201", "HR202", "HR203"]),
        ("hr21", CODES, ["HR201"]),
        ("HR4O6", CODES, ["HR406"]),
        # nothing that was surely not meant
        ("z", VARIABLES, []),
        ("all_rows", BUILTINS, []),
        ("interval", BUILTINS, []),
        ("max_depth", BUILTINS, []),
        ("HR999", CODES, []),
        ("frobnicate", [*VARIABLES, *BUILTINS, *FIELDS, *KEYS, *TARGETS], []),
        ("", VARIABLES, []),
        ("x", [], []),
        ("x", ["x"], []),
    ],
)
def test_the_nearest_names(name: str, known: list[str], meant: list[str]) -> None:
    assert near(name, known) == meant


def test_the_sentence() -> None:
    assert did_you_mean("frobnicate", KEYS) == ""
    assert did_you_mean("modles", VARIABLES) == 'did you mean "models"?'
    assert did_you_mean("lr2", VARIABLES) == 'did you mean "lr" or "lrs"?'
    assert did_you_mean("HR20", CODES) == 'did you mean "HR201", "HR202" or "HR203"?'


WORDS = sorted({*keyword.kwlist, *dir(builtins)})


@given(st.sampled_from([word for word in WORDS if len(word) > 3]), st.data())
def test_one_slip_is_always_seen_through(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 2))
    slip = data.draw(
        st.sampled_from(
            [
                word[:at] + word[at + 1 :],
                word[:at] + "q" + word[at:],
                word[:at] + "q" + word[at + 1 :],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            ]
        )
    )
    if slip not in WORDS:
        assert word in near(slip, [word, "zzzzzzzz"])
        assert len(near(slip, WORDS)) in (1, 2, 3)
