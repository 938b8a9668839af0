"""Texts."""


def show(*, text: str, end: str = "!") -> str:
    return text + end


def pipeline():
    return [show(text=t) for t in ["{{=1+1}}", "{{ ds }}", "$(HOME)", "a\r\n", ""]]
