def pipeline(flag: bool = True):
    if flag:
        break  # error: HR101
    return 1
