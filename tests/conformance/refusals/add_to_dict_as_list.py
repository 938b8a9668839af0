def pipeline():
    found = {}
    found.append(1)  # error: HR106
    return found
