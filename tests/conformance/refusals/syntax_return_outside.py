def pipeline():
    pass


return 1  # error: HR101
