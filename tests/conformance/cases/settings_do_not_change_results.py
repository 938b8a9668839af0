# /// script
# [tool.headrace.defaults]
# cpu = "1"
# memory = "256Mi"
# timeout = "1h"
# [tool.headrace.steps.double]
# retries = 2
# ///
"""Settings say where and how a step runs, never what it gives (semantics 21 and 28)."""


def double(x: int) -> int:
    return x * 2


def pipeline(x: int = 2):
    return double(double(x))
