"""The console left alone with all five backends for a long time, in bad weather."""
