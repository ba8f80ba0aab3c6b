"""How fast the console is: ratios against peers and floors, all measured in one run."""
