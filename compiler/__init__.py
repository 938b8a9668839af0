"""Compiles plain Python pipelines into manifests that existing orchestrators run."""
