# refused: kubeflow (calls no step)
"""Constant branch."""


def pipeline():
    if True:
        y = 1
    return y
