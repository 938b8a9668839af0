def pipeline(n: int = 1):
    return pipeline(n, n, m=1)  # error: HR207
