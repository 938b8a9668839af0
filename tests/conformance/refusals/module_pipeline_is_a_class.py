class pipeline:  # error: HR103
    pass
