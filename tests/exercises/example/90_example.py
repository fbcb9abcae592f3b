# %% [markdown]
# # Exercises 90 · An example
# Write each answer where it says YOUR CODE HERE or YOUR ANSWER HERE.

# %%
import numpy as np

from nnlearn.exercises import check

# %% [markdown]
# ## 90.1 A unit that fires (3 points)
# Write `fires(x, w, b)`: 1 where $w \cdot x + b \ge 0$, else 0, for one input or a batch.

# %% nbgrader={"grade": false, "grade_id": "90-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fires(x, w, b):
    """1 where x w + b ≥ 0, else 0.  x: (..., n), w: (n,) -> (...)"""
    ### BEGIN SOLUTION
    z = x @ w + b
    return (z >= 0).astype(float)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "90-1-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("90.1", fires)

# %% [markdown]
# ## 90.2 Weights for AND (2 points)

# %% nbgrader={"grade": false, "grade_id": "90-2", "locked": false, "schema_version": 3, "solution": true, "task": false}
w, b = ..., ...
### BEGIN SOLUTION
w, b = np.array([1.0, 1.0]), -1.5
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "90-2-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("90.2", (w, b))

# %% [markdown]
# ## 90.3 Twice the weights (1 point)
# All weights and the bias are doubled. Does the unit fire "more often", "less often" or "as often"?

# %% nbgrader={"grade": false, "grade_id": "90-3", "locked": false, "schema_version": 3, "solution": true, "task": false}
prediction = ...
### BEGIN SOLUTION
prediction = "as often"
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "90-3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("90.3", prediction)

# %% [markdown]
# ## 90.4 The norm of w (1 point)
# $w = (3, 4)$. How long is it?

# %% nbgrader={"grade": false, "grade_id": "90-4", "locked": false, "schema_version": 3, "solution": true, "task": false}
norm = ...
### BEGIN SOLUTION
norm = np.sqrt(3**2 + 4**2)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "90-4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("90.4", norm)

# %% [markdown]
# ## 90.5 Why a bias? (2 points)
# What could a unit without a bias not do? Answer in two or three sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "90-5", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Without a bias the boundary passes through the origin, whatever the weights. NOT must fire at 0, and
# there the weighted sum is always 0.

# %%
check("90.5")
