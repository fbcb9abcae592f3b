"""The specifications of the exercises, a module for each chapter."""
