from json import dumps as pipeline  # error: HR103
