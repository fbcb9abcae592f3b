"""The style of every figure, and the drawings that carry an idea."""
