"""What a run in a model may end in, beside its result."""


class Unsupported(Exception):
    """A manifest uses a feature of its engine that the model does not have; the text names it."""


class RunFailed(Exception):
    """A run failed, as one does of which a step failed."""


class RunStuck(Exception):
    """The engine refuses a run, ends it for a reason of its own, or lets it run for ever."""
