"""SARIF logs, judged by the committee's schema and by reading them as the specification says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from headrace.compiler.codes import CODES, explanation
from headrace.compiler.diagnostics import Diagnostic, Related, Severity
from headrace.compiler.sarif import as_sarif
from headrace.compiler.source import COMMAND_LINE, Span
from sarif_schema import errors

MAIN = "src/p.py"
TEXTS = {
    "src/p.py": "x = 1\ny = '🐎日本' + modles\nz = f(\n    y)\n",
    "a b/ü#?.py": "def f(): ...\n",
}
MODLES = Span(path="src/p.py", line=2, column=13, end_line=2, end_column=19)
CALL = Span(path="src/p.py", line=3, column=5, end_line=4, end_column=7)
OTHER = Span(path="a b/ü#?.py", line=1, column=1, end_line=1, end_column=13)

FINDINGS = [
    Diagnostic(
        code="HR201",
        message="unknown name `modles` in {braces}",
        span=MODLES,
        label="not bound here",
        hint="write f'{models}'",
        related=(
            Related(span=OTHER, message="one {place}"),
            Related(span=CALL, message="another"),
        ),
    ),
    Diagnostic(code="HR406", message="no image", span=CALL, severity=Severity.WARNING),
    Diagnostic(code="HR404", message="no profile", hint="add it"),
    Diagnostic(code="HR401", message="unknown key", span=Span(path=COMMAND_LINE, line=2, column=5)),
    Diagnostic(code="HR101", message="invalid syntax", span=Span(path="src/p.py", line=4)),
    Diagnostic(code="HR201", message="again", span=OTHER),
]


def run_of(text: str) -> Any:
    log = json.loads(text)
    assert errors(log) == []
    [run] = log["runs"]
    return run


def selected(region: dict[str, int], text: str) -> str:
    """Return what a reader that counts code points finds at `region`."""
    lines = text.splitlines(keepends=True)[region["startLine"] - 1 : region["endLine"]]
    lines[-1] = lines[-1][: region["endColumn"] - 1]
    return "".join(lines)[region["startColumn"] - 1 :]


def test_the_schema_is_a_judge() -> None:
    log = json.loads(as_sarif(FINDINGS, MAIN))
    assert errors(log) == []
    log["runs"][0]["results"][0]["level"] = "fatal"
    log["runs"][0]["columnKind"] = "bytes"
    log["runs"][0]["results"][1]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert len(errors(log)) == 3


def test_a_whole_log() -> None:
    run = run_of(as_sarif([FINDINGS[0]], MAIN, "work/{}".format))
    [rule] = run["tool"]["driver"].pop("rules")
    page = explanation("HR201")
    assert rule == {
        "id": "HR201",
        "name": "UnknownName",
        "shortDescription": {"text": "Unknown name."},
        "fullDescription": {
            "text": "The name is not bound above this place, neither in the pipeline nor in its "
            "module. Calling the function would raise `NameError`."
        },
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": "error"},
    }
    here = {"uri": "work/src/p.py", "uriBaseId": "%SRCROOT%"}
    there = {"uri": "work/a%20b/%C3%BC%23%3F.py", "uriBaseId": "%SRCROOT%"}
    assert run == {
        "tool": {"driver": {"name": "headrace"}},
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n", "\r"],
        "originalUriBaseIds": {
            "%SRCROOT%": {"description": {"text": "The folder in which headrace was started."}}
        },
        "artifacts": [
            {"location": here, "sourceLanguage": "python"},
            {"location": there, "sourceLanguage": "python"},
        ],
        "results": [
            {
                "ruleId": "HR201",
                "ruleIndex": 0,
                "level": "error",
                "message": {
                    "text": "unknown name `modles` in {{braces}}\nhelp: write f'{{models}}'"
                },
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": here | {"index": 0},
                            "region": {
                                "startLine": 2,
                                "startColumn": 13,
                                "endLine": 2,
                                "endColumn": 19,
                            },
                        },
                        "message": {"text": "not bound here"},
                    }
                ],
                "relatedLocations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": there | {"index": 1},
                            "region": {
                                "startLine": 1,
                                "startColumn": 1,
                                "endLine": 1,
                                "endColumn": 13,
                            },
                        },
                        "message": {"text": "one {{place}}"},
                    },
                    {
                        "physicalLocation": {
                            "artifactLocation": here | {"index": 0},
                            "region": {
                                "startLine": 3,
                                "startColumn": 5,
                                "endLine": 4,
                                "endColumn": 7,
                            },
                        },
                        "message": {"text": "another"},
                    },
                ],
            }
        ],
    }


def test_regions_select_what_spans_mean() -> None:
    first = run_of(as_sarif(FINDINGS, MAIN))["results"][0]
    places = [location["physicalLocation"] for location in first["locations"]]
    places += [location["physicalLocation"] for location in first["relatedLocations"]]
    paths = ["src/p.py", "a b/ü#?.py", "src/p.py"]
    read = [selected(p["region"], TEXTS[path]) for p, path in zip(places, paths, strict=True)]
    assert read == ["modles", "def f(): ...", "f(\n    y)"]


def test_all_references_resolve() -> None:
    run = run_of(as_sarif(FINDINGS, MAIN))
    rules, artifacts = run["tool"]["driver"]["rules"], run["artifacts"]
    assert [rule["id"] for rule in rules] == ["HR101", "HR201", "HR401", "HR404", "HR406"]
    assert len(run["results"]) == len(FINDINGS)
    for result, finding in zip(run["results"], FINDINGS, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.code
        assert result["level"] == finding.severity.value
        for location in (*result["locations"], *result.get("relatedLocations", [])):
            place = location["physicalLocation"]["artifactLocation"]
            assert artifacts[place.pop("index")]["location"] == place


def test_what_stands_in_no_file_is_shown_at_the_module() -> None:
    results = run_of(as_sarif(FINDINGS[2:4], "work/main.py"))["results"]
    for result in results:
        [location] = result["locations"]
        place = location["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "work/main.py"
        assert place["region"] == {"startLine": 1}
    assert results[0]["message"]["text"] == "no profile\nhelp: add it"
    assert results[1]["message"]["text"] == "unknown key\nat --set:2:5"


def test_a_place_without_an_end() -> None:
    [location] = run_of(as_sarif(FINDINGS, MAIN))["results"][4]["locations"]
    assert location["physicalLocation"]["region"] == {"startLine": 4, "startColumn": 1}


def test_a_file_elsewhere_has_an_absolute_address() -> None:
    run = run_of(as_sarif([FINDINGS[1]], MAIN, lambda path: f"/else where/{path}"))
    assert run["artifacts"][0]["location"] == {"uri": "file:///else%20where/src/p.py"}


def test_a_name_that_is_not_unicode_has_an_address() -> None:
    span = Span(path=b"src/\xff.py".decode(errors="surrogateescape"), line=1)
    run = run_of(as_sarif([Diagnostic(code="HR101", message="m", span=span)], MAIN))
    assert run["artifacts"][0]["location"]["uri"] == "src/%FF.py"


def test_no_findings_are_a_log_too() -> None:
    run = run_of(as_sarif([], MAIN))
    assert (run["results"], run["artifacts"], run["tool"]["driver"]["rules"]) == ([], [], [])


def test_nothing_of_the_machine_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = as_sarif(FINDINGS, MAIN)
    monkeypatch.chdir(tmp_path)
    assert as_sarif(FINDINGS, MAIN) == log
    assert log.isascii()
    assert "version" not in json.loads(log)["runs"][0]["tool"]["driver"]


def test_every_code_is_a_rule() -> None:
    found = [Diagnostic(code=code, message="m", severity=CODES[code].severity) for code in CODES]
    rules = run_of(as_sarif(found, MAIN))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(CODES)
    assert len({rule["name"] for rule in rules}) == len(CODES)
    for rule in rules:
        assert rule["name"].isalnum()
        assert rule["defaultConfiguration"]["level"] == CODES[rule["id"]].severity.value
        full = rule["fullDescription"]["text"]
        assert full.endswith((".", ":"))
        assert not any(mark in full for mark in ("```", "\n"))
        prose = re.sub(r"```.*?```|`.*?`", "", rule["help"]["markdown"], flags=re.DOTALL)
        assert "<" not in prose  # 3.11.4.2: no HTML
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}: ")
