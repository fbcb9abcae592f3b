"""The style of every figure, and the drawings that carry an idea."""

import logging

# Where the home cannot be written, matplotlib keeps its cache in a temporary folder: nothing for a learner.
logging.getLogger("matplotlib").addFilter(lambda record: record.funcName != "_get_config_or_cache_dir")
