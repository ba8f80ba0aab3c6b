"""runyard: one keyboard-driven console for every ML and batch system a team operates."""

__version__ = "0.1.0"
