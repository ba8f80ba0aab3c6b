"""The one-shot commands: everything the console shows and does, for scripts. One module per verb."""
