"""The shim that executes a step inside its container; standard library only."""
