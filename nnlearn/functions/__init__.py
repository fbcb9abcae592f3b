"""The functions of networks, on arrays and on tensors: value and derivatives side by side."""
