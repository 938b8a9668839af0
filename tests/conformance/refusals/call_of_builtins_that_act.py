def load(x: object) -> int:
    return 1


def pipeline():
    print("start")  # error: HR203
    text = open("a").read()  # error: HR203
    return load(text), input(), eval("1")  # error: HR203 HR203
