"""Names of steps and variables that engines shorten, fold or take for their own (semantics 53)."""


def a_function_whose_name_is_so_long_that_no_label_of_kubernetes_would_hold_it_x(n: int) -> int:
    return n + 1


def a_function_whose_name_is_so_long_that_no_label_of_kubernetes_would_hold_it_y(n: int) -> int:
    return n + 2


def Load(n: int) -> int:
    return n + 4


def load(n: int) -> int:
    return n + 8


def load_(n: int) -> int:
    return n + 16


def dag(n: int) -> int:
    return n + 32


def pipeline(n: int = 0):
    x = a_function_whose_name_is_so_long_that_no_label_of_kubernetes_would_hold_it_x(n)
    y = a_function_whose_name_is_so_long_that_no_label_of_kubernetes_would_hold_it_y(x)
    ünï = Load(y)
    return [dag(load_(load(ünï))) for _ in [1]], ünï
