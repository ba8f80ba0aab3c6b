"""The KFP API of the mock."""
