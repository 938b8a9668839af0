# /// script
# requires-python = ">=3.11"
#
# [tool.headrace]
# image = "ghcr.io/example/word-counts:1"
# schedule = { cron = "0 6 * * 1-5" }
# defaults = { cpu = "100m", memory = "64Mi", labels = { "app.kubernetes.io/part-of" = "texts" } }
# ///
"""Count the words of famous texts: a pipeline that needs nothing but the standard library."""

from collections import Counter

import corpus
from corpus.words import tokens, without_common


def count(words: list[str]) -> dict[str, int]:
    return dict(Counter(words))


def add(counts: list[dict[str, int]]) -> dict[str, int]:
    """Return the sum of all counts, the words in the order of the alphabet."""
    total = sum((Counter(each) for each in counts), Counter())
    return dict(sorted(total.items()))


def ranking(counts: dict[str, int], places: int) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:places]


def announce(line: str) -> None:
    print(line, flush=True)


def pipeline(
    titles: list[str] = ["gettysburg", "sonnet-18", "zen"], places: int = 3, skip: bool = True
):
    texts = [corpus.read(title) for title in titles]
    counts = [count(without_common(tokens(text)) if skip else tokens(text)) for text in texts]
    tops = [
        f"{number}. {title.upper()}: {ranking(each, places=1)[0][0]}"
        for number, (title, each) in enumerate(zip(titles, counts, strict=True), 1)
    ]
    total = add(counts)
    if sum(total.values()) > 200:
        heading = f"{len(titles)} texts, {sum(total.values())} words, {len(total)} different"
        announce(heading)
        top = ranking(total, places)
    else:
        heading = "hardly a corpus"
        top = []
    return {"heading": heading, "top": top, "texts": tops}
