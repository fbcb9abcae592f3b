"""Small mutations of a solution, such as a slip of the learner would make.

cosmic-ray's operators change arithmetic, comparisons, constants, loops and branches; those below know NumPy:
axes, transposes, reductions, the order of arguments, calls left out.
"""

import ast
import difflib
import re
from collections.abc import Iterator

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

# They need names to be told, or change what no solution has, or (`is`) nothing with small whole numbers.
NOT_OURS = ("Variable", "RemoveDecorator", "ExceptionReplacer", "NoOp", "_Is")
SWAPS = [
    ("sum", "mean"), ("max", "min"), ("maximum", "minimum"), ("argmax", "argmin"), ("any", "all"),
    ("zeros", "ones"), ("zeros_like", "ones_like"), ("floor", "ceil"), ("sin", "cos"), ("exp", "log"),
    ("cumsum", "cumprod"), ("hstack", "vstack"), ("greater", "greater_equal"), ("less", "less_equal"),
]  # fmt: skip
ARRAYS = ("np.array", "np.asarray")  # a list is as good
COMMUTE = {
    "max", "min", "maximum", "minimum", "add", "multiply", "logaddexp", "swapaxes",
    "equal", "array_equal", "logical_and", "logical_or",
}  # fmt: skip
OTHER = {a: b for pair in SWAPS for a, b in (pair, pair[::-1])}
AUGMENTED = {ast.Add: ast.Sub(), ast.Sub: ast.Add(), ast.Mult: ast.Div(), ast.Div: ast.Mult()}


def mutants(source: str) -> dict[str, str]:
    """{changed line: source} of every mutation between BEGIN SOLUTION and END SOLUTION."""
    lines = source.splitlines()
    begin = next(i for i, line in enumerate(lines) if "BEGIN SOLUTION" in line)
    end = next(i for i, line in enumerate(lines) if "END SOLUTION" in line)
    found: dict[str, str] = {}
    seen = {_told_apart(source)}
    for mutated in (*_general(source), *_numpy(source)):
        theirs = mutated.splitlines()
        if theirs[: begin + 1] != lines[: begin + 1] or theirs[end - len(lines) :] != lines[end:]:
            continue
        try:
            tree = _told_apart(mutated)
        except SyntaxError:
            continue
        if tree not in seen:
            seen.add(tree)
            name = _changed_line(lines, theirs)
            while name in found:  # the same line stands in two places
                name += " (again)"
            found[name] = mutated
    return found


def _told_apart(source: str) -> str:
    """The program but for its layout and `strict=`, which only guards `zip`."""
    return re.sub(r", strict=(True|False)", "", ast.unparse(ast.parse(source)))


def _changed_line(before: list[str], after: list[str]) -> str:
    changed = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    added = [line[2:].strip() for line in changed if line[0] == "+"]
    gone = ["left out: " + line[2:].strip() for line in changed if line[0] == "-"]
    return " ⏎ ".join(gone if added == ["pass"] else added or gone)


def _general(source: str) -> Iterator[str]:
    for name in operator_names():
        families = {"Bit" if word.startswith("Bit") else word[-5:] == "Shift" for word in name.split("_")[1:]}
        if any(word in name for word in NOT_OURS) or len(families) > 1:
            continue  # nobody writes | for +, and * is & where both are true or false
        operator, occurrence = get_operator(name)(), 0
        while (mutated := mutate_code(source, operator, occurrence)) is not None:
            yield mutated
            occurrence += 1


def _numpy(source: str) -> Iterator[str]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))
    data = source.encode()  # the tree counts columns in bytes
    for node in ast.walk(ast.parse(source)):
        for new in _replacements(node):
            start = starts[node.lineno - 1] + node.col_offset
            stop = starts[node.end_lineno - 1] + node.end_col_offset
            text = f"({ast.unparse(new)})" if isinstance(new, ast.expr) else ast.unparse(new)
            yield (data[:start] + text.encode() + data[stop:]).decode()


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Call(func=func, args=args, keywords=keywords):
            for i, keyword in enumerate(keywords):
                yield ast.Call(func, args, keywords[:i] + keywords[i + 1 :])
                if keyword.arg == "axis":
                    axis = 1 if ast.unparse(keyword.value) == "0" else 0
                    other = ast.keyword("axis", ast.Constant(axis))
                    yield ast.Call(func, args, [*keywords[:i], other, *keywords[i + 1 :]])
            commutes = getattr(func, "attr", getattr(func, "id", "")) in COMMUTE
            for i in range(len(args) - 1) if not commutes else ():
                yield ast.Call(func, [*args[:i], args[i + 1], args[i], *args[i + 2 :]], keywords)
            if isinstance(func, ast.Attribute) and func.attr in OTHER:
                yield ast.Call(ast.Attribute(func.value, OTHER[func.attr]), args, keywords)
            if ast.unparse(func).startswith("np.") and len(args) == 1 and ast.unparse(func) not in ARRAYS:
                yield args[0]  # np.sqrt(x) -> x
            if isinstance(func, ast.Attribute) and func.attr in ("copy", "round", "clip", "cumsum"):
                yield func.value
            if isinstance(func, ast.Name) and func.id == "range":
                yield ast.Call(func, [*args[:-1], ast.BinOp(args[-1], ast.Sub(), ast.Constant(1))], [])
        case ast.Attribute(attr="T", value=value):
            yield value
        case ast.BinOp(op=ast.MatMult() | ast.Sub() | ast.Div() | ast.Pow() as op, left=left, right=right):
            yield ast.BinOp(right, op, left)
        case ast.AugAssign(target=target, op=op, value=value):
            yield ast.Assign([target], value, lineno=0)
            if type(op) in AUGMENTED:
                yield ast.AugAssign(target, AUGMENTED[type(op)], value)
            yield ast.Pass()
        case ast.Assign() | ast.If() | ast.Expr(value=ast.Call()) | ast.Break():
            yield ast.Pass()
