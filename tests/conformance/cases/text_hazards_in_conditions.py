"""A branch on a text with quotes and braces (semantics 8 and 40: quotes in `when` text)."""

RUNS = [{}, {"text": "'"}, {"text": 'it\'s "{{x}}"'}]


def same(text: str) -> str:
    return text


def pipeline(text: str = '"'):
    if same(text) == 'it\'s "{{x}}"':
        y = same("braces")
    elif same(text) == "'":
        y = same("single")
    else:
        y = same(text)
    return y
