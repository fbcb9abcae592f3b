"""What a run of the tests has checked, counted against what the folders hold.

A test that checks one notebook, widget, grader or deck for real says so: `record_property("checked", "deck 01_neuron")`.
"""
