"""Where what can be made again is kept: a folder of the user, and never one of the project."""

import os


def cache_folder() -> str:
    """Return `HEADRACE_CACHE_DIR`, else the folder that the XDG specification gives headrace."""
    if chosen := os.environ.get("HEADRACE_CACHE_DIR"):
        return chosen
    caches = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(caches):
        caches = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(caches, "headrace")
