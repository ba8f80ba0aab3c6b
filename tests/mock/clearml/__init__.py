"""The mock's ClearML API, held against what the real apiserver answers."""
