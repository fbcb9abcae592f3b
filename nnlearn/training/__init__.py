"""Optimisers, the training loop, weights on disk."""
