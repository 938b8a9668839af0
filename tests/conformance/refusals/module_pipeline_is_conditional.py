import sys  # error: HR103

if sys.platform == "linux":

    def pipeline():
        return 1
