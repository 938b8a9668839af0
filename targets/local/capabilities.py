"""What a run on this machine does with each feature."""

from headrace.compiler.capabilities import Capabilities, Feature, Level, Support

_NATIVE = Support(Level.NATIVE, "run as the IR says")
_ONE_MACHINE = Support(Level.LOWERED, "left out: there is one machine, and its steps share it")
_NO_POD = Support(Level.LOWERED, "left out: a step is a process, which has no pod")
_BY_HAND = Support(Level.LOWERED, "left out: a local run is started by hand")

CAPABILITIES = Capabilities(
    name="local",
    title="This machine",
    versions="Python 3.11 and later, on Linux and macOS",
    features={
        **dict.fromkeys(Feature, _NATIVE),
        Feature.STEP: Support(Level.NATIVE, "a process and a working folder of its own"),
        Feature.RESOURCES: _ONE_MACHINE,
        Feature.NODE_SELECTOR: _ONE_MACHINE,
        Feature.TOLERATIONS: _ONE_MACHINE,
        Feature.REFERENCES: Support(
            Level.LOWERED, "the variables are those of your own environment, if it has them"
        ),
        Feature.VOLUMES: _NO_POD,
        Feature.HOST_PATHS: _NO_POD,
        Feature.SERVICE_ACCOUNT: _NO_POD,
        Feature.METADATA: _NO_POD,
        Feature.PRIORITY_CLASS: _NO_POD,
        Feature.QUEUE: _NO_POD,
        Feature.SCHEDULER: _NO_POD,
        Feature.HOSTS: Support(
            Level.LOWERED, "called once, as your own program would call it: there is one machine"
        ),
        Feature.POD: _NO_POD,
        Feature.NODE_AFFINITY: _ONE_MACHINE,
        Feature.SHARED_MEMORY: _ONE_MACHINE,
        Feature.RUNTIME_CLASS: _ONE_MACHINE,
        Feature.RESOURCE_CLAIM: _ONE_MACHINE,
        Feature.SCHEDULE: _BY_HAND,
        Feature.TIMEZONE: _BY_HAND,
        Feature.CATCHUP: _BY_HAND,
        Feature.OVERLAP_REPLACE: _BY_HAND,
    },
)
