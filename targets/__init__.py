"""The engines that run pipelines, one folder each."""
